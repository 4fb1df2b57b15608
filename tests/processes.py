"""Processes that a test did not start itself, by their numbers."""

from pathlib import Path


def alive(pid: int) -> bool:
    """Is there such a process, other than one that waits to be buried?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
