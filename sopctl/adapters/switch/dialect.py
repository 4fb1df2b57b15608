"""A platform's command line: netmiko's name for it, how it refuses a command, and how configuration is entered."""

import re
from dataclasses import dataclass, field
from typing import Literal

MAX_JUDGED = 500
"""Characters of a line that is compared with a pattern: no refusal and no log message is longer."""

MAX_REFUSAL_LINES = 6
"""Lines of an answer that may be a refusal. A longer one shows something, with words of others in it."""

_NOTHING = re.compile(r"(?!)")
CISCO_LOG = re.compile(
    r"(?:\d{1,10}: ){0,2}(?:[*.]?[A-Za-z0-9:., ]{1,40}: )?%[A-Z][A-Z0-9_-]{0,60}-[0-7]-[A-Z0-9_]{1,60}"
    r"(?: ?\([^)]{0,40}\))?:|Rollback Confirmed Change: Rollback will begin"
)
"""How a message of a Cisco's log begins: `*Mar  1 10:00:00.123: %LINK-3-UPDOWN:`. It may come between any two lines. So
may the reminder of a timed rollback."""
CONFIGURING = re.compile(r".{1,64}\(config[^)]{0,40}\)#")
"""A Cisco's prompt in its configuration mode."""


@dataclass(frozen=True)
class Dialect:
    """What a session needs to know of a platform.

    `refusal` matches a line with which it refuses a command, from its first character: netmiko itself looks for none.
    `configuring`: "mode" has a configuration mode, "direct" has none and answers an accepted configuration line with
    nothing at all, "shell" is a POSIX shell as root, whose exit status tells. `enables`: whether a privileged mode has
    to be entered. `prepare` are the commands that make the terminal wide and endless; with None, netmiko prepares it.
    `noise` is how a message of the device's log begins, which may come between any two lines. `in_mode` is the prompt
    of the configuration mode. `optional` are lines of configuration that some devices of the platform do not know.

    `entering` and `leaving` lead into the configuration mode and out of it. Where lines only edit a candidate, the
    commands `closing` make it take effect, and each is done only if its answer has a line that `proof` matches;
    `discard` throws the candidate away. `patience`: for how many seconds it may be silent, if that is more than usual.
    """

    device_type: str
    refusal: re.Pattern[str] = field(repr=False)
    configuring: Literal["mode", "direct", "shell"] = "mode"
    enables: bool = False
    prepare: tuple[str, ...] | None = None
    noise: re.Pattern[str] = field(default=_NOTHING, repr=False)
    in_mode: re.Pattern[str] = field(default=CONFIGURING, repr=False)
    optional: frozenset[str] = frozenset()
    entering: str = "configure terminal"
    leaving: str = "end"
    closing: tuple[str, ...] = ()
    proof: re.Pattern[str] = field(default=_NOTHING, repr=False)
    discard: tuple[str, ...] = ()
    patience: float = 0.0

    def refused(self, answer: str) -> str:
        """The line with which the device refuses, or an empty string."""
        for line in answer.splitlines():
            shown = line.strip()[:MAX_JUDGED]
            if self.refusal.match(shown):
                return shown
        return ""

    def refuses_to_show(self, answer: str) -> str:
        """The same for a command that shows something, whose answer may have lines that look like a refusal: a comment
        of two lines, a neighbour's text."""
        said = [line for line in answer.splitlines() if line.strip()]
        return self.refused(answer) if len(said) <= MAX_REFUSAL_LINES else ""

    def proves(self, answer: str) -> bool:
        """Does an answer say that a closing command is done?"""
        return any(self.proof.match(line.strip()[:MAX_JUDGED]) for line in answer.splitlines())

    def is_noise(self, line: str) -> bool:
        """Is the line a message of the device's own log?"""
        return bool(self.noise.match(line.lstrip()[:MAX_JUDGED]))


CISCO_LIKE = re.compile(
    r"%\s{0,4}(?:invalid|incomplete|ambiguous|unknown|unrecognized|error|bad|not|cannot|access|authorization|failed"
    r"|command|configuration|permission|vlan|port|insufficient)\b"
    r"|command (?:rejected|authorization failed)|configuration mode (?:is )?locked|error:",
    re.IGNORECASE,
)
"""Refusals of Cisco IOS and of the platforms that imitate its CLI: `% Invalid input detected at '^' marker.`"""
