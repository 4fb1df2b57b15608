"""What `left.sh` answers from a server: its note of what a configuration left, and each fact that is another now.

The answer comes from the server and is as hostile as anything else it sends. A line that does not fit is an answer that
cannot be used.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

VERSION = "1"
"""Of the facts (`look version` in playbooks/files/fingerprint.sh): notes of another one cannot be compared."""

MAX_LINES = 12_000

_SIDES = ("?", "-", "+", "!")
_FACT = re.compile(r"([a-z][a-z-]{0,20} [ -~]{0,2000})\t([ -~]{0,4000})")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Answer(Struct, frozen=True):
    """One answer. `deposit` is whose server it is, as noted there (empty: nobody's); `note` is the digest of the
    server's note, `absent` or `incomplete`; `asked` what the letter and the site asked for then, by name; `then` and
    `now` the facts that differ, by `KIND KEY`: one that is in one of them only is gone, or new; `since_proof` those
    that have become others since the run had proven them, and not by the run."""

    note: str
    asked: Mapping[str, str] = {}
    then: Mapping[str, str] = {}
    now: Mapping[str, str] = {}
    deposit: str = ""
    since_proof: Mapping[str, str] = {}

    @property
    def complete(self) -> bool:
        """Was all looked at, then and now, and in the same way?"""
        return all(side.get("look complete") == "yes" for side in (self.then, self.now)) and all(
            side.get("look version") == VERSION for side in (self.then, self.now)
        )


def unchanged(before: Answer, after: Answer) -> tuple[str, ...]:
    """The facts that differed before a run, and differ in the same way after it: not the run's, so not left by it."""
    return tuple(
        fact
        for fact in sorted({*before.then, *before.now})
        if not fact.startswith("look ") and before.now.get(fact) == after.now.get(fact) and _differs(after, fact)
    )


def _differs(answer: Answer, fact: str) -> bool:
    return fact in answer.then or fact in answer.now


def read(output: bytes, mark: str) -> Answer | None:
    """The answer between the lines with `mark`; what a login shell or sudo says around it, and between its lines, is
    skipped. None for one that does not end, or has a line that does not fit."""
    text = output.decode("ascii", "replace")
    _, begun, rest = text.partition(f"=begin {mark}\n")
    body, ended, _ = rest.partition(f"=end {mark}\n")
    lines = [line for line in body.split("\n") if line[:1] in ("=", *_SIDES)]
    if not (begun and ended and lines) or len(lines) > MAX_LINES or not lines[0].startswith("=note "):
        return None
    note = lines[0].removeprefix("=note ")
    if note not in ("absent", "incomplete") and not _DIGEST.fullmatch(note):
        return None
    deposit = ""
    if lines[-1].startswith("=deposit "):
        deposit = lines.pop().removeprefix("=deposit ")
        if not re.fullmatch(r"[A-Z0-9-]{1,60}", deposit):
            return None
    sides: dict[str, dict[str, str]] = {sign: {} for sign in _SIDES}
    for line in lines[1:]:
        side, fact = sides.get(line[:1]), _FACT.fullmatch(line, 1)
        if side is None or fact is None or fact[1] in side:
            return None
        side[fact[1]] = fact[2]
    asked = {key.removeprefix("asked "): value for key, value in sides["?"].items()}
    return Answer(note, asked, sides["-"], sides["+"], deposit, sides["!"])
