"""How it is asked: click commands, and rendering for people and machines."""
