"""Seconds for tests that wait: no test fails because the machine is busy."""

PATIENCE = 120.0
"""How long to wait for what must come: only a fault exhausts it."""

LATE = 20.0
"""How much later than its own deadline something may end. What would come without that deadline takes longer still."""
