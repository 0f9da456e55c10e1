"""One module per family of cases."""
