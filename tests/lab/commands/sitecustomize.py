"""What Python runs in every process that a lab test starts (tests/lab/conftest.py): in those that make servers, these
keep what they compile."""

import sys

if {"lab", "demo"} & set(sys.orig_argv):
    from sopctl.adapters.lab import seed
    from tests.lab import keeping

    seed.make = keeping.with_kept
