"""How a platform is spoken to: netmiko's name of it, how it says no, and what surrounds a line of configuration."""

import re
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Dialect:
    """One platform as a session needs to know it.

    `refusal` finds, line by line, how it says that it did not do what it was told: netmiko itself looks for nothing.
    `configuring`: "mode" enters a configuration mode for lines of configuration, "direct" has none and answers a line
    that it takes with nothing at all, "shell" is a POSIX shell as root, whose exit status tells.
    `enables`: does its privileged mode have to be entered?
    """

    device_type: str
    refusal: re.Pattern[str] = field(repr=False)
    configuring: Literal["mode", "direct", "shell"] = "mode"
    enables: bool = False

    def refused(self, answer: str) -> str:
        """The words with which the device refuses, or an empty string."""
        found = self.refusal.search(answer)
        return found.group().strip() if found else ""


CISCO_LIKE = re.compile(
    r"^\s*%\s*(invalid|incomplete|ambiguous|unknown|unrecognized|error|bad|not|cannot|access|authorization|failed"
    r"|command|configuration|permission|vlan|port|insufficient)\b.*$"
    r"|^\s*command (rejected|authorization failed).*$|^\s*configuration mode (is )?locked.*$|^\s*error:.*$",
    re.MULTILINE | re.IGNORECASE,
)
"""Refusals of Cisco IOS, and of the many that imitate its command line: `% Invalid input detected at '^' marker.`"""
