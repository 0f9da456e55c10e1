"""What haneul costs: figures per CPU second of the server, and ratios of pairs in one run. `make bench` runs it."""
