"""A platform's command line: netmiko's name for it, how it refuses a command, and how configuration is entered."""

import re
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Dialect:
    """What a session needs to know of a platform.

    `refusal` matches the lines with which it refuses a command: netmiko itself looks for none. `configuring`: "mode"
    has a configuration mode, "direct" has none and answers an accepted configuration line with nothing at all, "shell"
    is a POSIX shell as root, whose exit status tells. `enables`: whether a privileged mode has to be entered.
    """

    device_type: str
    refusal: re.Pattern[str] = field(repr=False)
    configuring: Literal["mode", "direct", "shell"] = "mode"
    enables: bool = False

    def refused(self, answer: str) -> str:
        """The line with which the device refuses, or an empty string."""
        found = self.refusal.search(answer)
        return found.group().strip() if found else ""


CISCO_LIKE = re.compile(
    r"^\s*%\s*(invalid|incomplete|ambiguous|unknown|unrecognized|error|bad|not|cannot|access|authorization|failed"
    r"|command|configuration|permission|vlan|port|insufficient)\b.*$"
    r"|^\s*command (rejected|authorization failed).*$|^\s*configuration mode (is )?locked.*$|^\s*error:.*$",
    re.MULTILINE | re.IGNORECASE,
)
"""Refusals of Cisco IOS and of the platforms that imitate its CLI: `% Invalid input detected at '^' marker.`"""
