"""The written procedure, what happened under it, and when something is due."""
