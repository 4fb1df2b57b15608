"""What a server is, read from what it prints; and what changed since last time."""
