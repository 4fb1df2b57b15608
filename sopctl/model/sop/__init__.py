"""The written procedure, what happened by it, and until when something is due."""
