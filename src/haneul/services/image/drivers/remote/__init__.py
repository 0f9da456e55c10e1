"""What the stores behind a network have in common: holds, parts, reading by ranges."""
