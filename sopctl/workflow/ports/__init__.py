"""Switch ports: the switches, a deposit's port, one change of a port, and the audit of all ports."""
