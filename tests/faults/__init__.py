"""Faults on purpose: a library that fails chosen system calls, and a command line that runs under it."""
