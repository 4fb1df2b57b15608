"""A switch port: how it shall be, how it is, and the way between."""
