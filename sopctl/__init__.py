"""sopctl: servers on deposit, by the written procedure."""

__version__ = "0.1.0"
