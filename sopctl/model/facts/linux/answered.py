"""What the module server_facts printed on a server, or details.sh alone: read as what a stranger sent.

Before the answer stands whatever the account's shell, sudo or the interpreter have to say (a greeting, a lecture, a
warning); a word made for this one question ends that. After it comes one line of JSON, perhaps among other lines.
"""

import json
import zlib
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct, convert

from sopctl.model.facts.linux.bounded import MAX_DETAILS, bound

MOST = 4 * 1024 * 1024
"""Bytes that one answer may have. The largest real ones have some hundred thousand."""

NO_PYTHON = b"none"
"""What stands after the word where the server has no interpreter to offer."""

TRIED = 3
"""How many lines are read as JSON, from the last: a module prints one."""


Why = Literal["", "not-started", "no-python", "too-large", "failed", "no-answer", "slow"]
"""Why there are no facts: the account's shell or sudo started nothing; there is no interpreter; there are too many; the
module says so; what came is no answer; or it did not end in time."""


class Answered(Struct, frozen=True):
    """What a server said of itself. `facts` are named as `setup` names them; None where there are none, and `why`, with
    what was `said` instead. All of it is untrusted."""

    facts: dict[str, object] | None = None
    details: str = ""
    why: Why = ""
    said: str = ""


_Packed = tuple[dict[str, object] | None, str, Why, str]
"""What travels of an `Answered`, in its order."""


def packed(answered: Answered) -> bytes:
    """An answer as it travels from a worker."""
    content: _Packed = answered.facts, answered.details, answered.why, answered.said
    return zlib.compress(json.dumps(content, separators=(",", ":")).encode())


def unpacked(content: bytes) -> Answered:
    """An answer that a worker sent, cut as one that came from the server itself. Raises ValueError for what is none."""
    stream = zlib.decompressobj()
    try:
        found = convert(json.loads(stream.decompress(content, MOST)), _Packed)
    except (zlib.error, RecursionError, ValueError):
        raise ValueError("no answer of a server") from None
    if not stream.eof:
        raise ValueError("more than an answer of a server")
    facts, details, why, said = found
    if why:
        return Answered(why=why, said=said[:400])
    bounded = bound(facts)
    return Answered(bounded if isinstance(bounded, dict) else None, details[:MAX_DETAILS])


def of_module(output: bytes, word: bytes) -> Answered:
    """The answer of the module in what was printed, up to `MOST` bytes of it; more is no answer."""
    said, began, after = output.partition(word)
    if not began:
        return Answered(why="not-started", said=_last_words(said))
    if after.startswith(b" " + NO_PYTHON):
        return Answered(why="no-python")
    if len(output) >= MOST:
        return Answered(why="too-large")
    for line in _objects(after):
        document = _document(line)
        if document is None:
            continue
        facts, details = document.get("facts"), document.get("details")
        if document.get("failed") or not isinstance(facts, dict):
            message = document.get("msg")
            return Answered(why="failed", said=message[:400] if isinstance(message, str) else "")
        bounded = bound(facts)
        return Answered(
            bounded if isinstance(bounded, dict) else None,
            details[:MAX_DETAILS] if isinstance(details, str) else "",
        )
    return Answered(why="no-answer", said=_last_words(after))


def of_script(output: bytes, word: bytes) -> Answered:
    """The output of details.sh where it ran alone."""
    said, began, after = output.partition(word + b"\n")
    if not began:
        return Answered(why="not-started", said=_last_words(said))
    details = after[:MAX_DETAILS].decode("utf-8", "replace")
    return Answered(details=details) if details.strip() else Answered(why="no-answer")


def _objects(output: bytes) -> Iterator[bytes]:
    """The last lines that begin as an object does, from the end."""
    lines, end = b"\n" + output, len(output) + 1
    for _ in range(TRIED):
        begin = lines.rfind(b"\n{", 0, end)
        if begin < 0:
            return
        yield lines[begin + 1 :].split(b"\n", 1)[0]
        end = begin + 1


def _document(line: bytes) -> dict[str, object] | None:
    # Not msgspec: it refuses the halves of surrogate pairs, which Python makes of bytes that are no UTF-8.
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _last_words(output: bytes) -> str:
    return output[-400:].decode("utf-8", "replace").strip()
