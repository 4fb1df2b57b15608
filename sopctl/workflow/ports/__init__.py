"""Switch ports: the switches, a deposit's port, one change, and the audit of all."""
