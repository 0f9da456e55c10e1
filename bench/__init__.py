"""What haneul costs: figures per CPU second of the server, and ratios of pairs measured in one run. `make bench` runs it."""
