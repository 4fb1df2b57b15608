"""Whether servers can be reached."""
