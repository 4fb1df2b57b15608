"""Adapters: one outside system each. Errors of its library are translated here."""

import sys

# paramiko would import invoke for one line of ssh_config(5) that nobody here reads (Match exec): two fifths of the time
# that it takes to import. Where invoke is missing, it does without.
sys.modules.setdefault("invoke", None)  # type: ignore[arg-type]
