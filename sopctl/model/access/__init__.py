"""Whether a server can be reached, why not, and what helps."""
