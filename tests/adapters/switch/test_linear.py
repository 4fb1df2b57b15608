"""No text that a device sends takes more than linear time: every pattern and every reader, at 10,000 and 40,000
characters."""

import contextlib
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, cast

import pytest

import sopctl.adapters.switch
import sopctl.model.ports
from sopctl.adapters.switch import session, session_log
from sopctl.adapters.switch.dialect import CISCO_LIKE, Dialect
from sopctl.adapters.switch.dialogue import _lines
from sopctl.adapters.switch.platforms import cisco_ios, mikrotik_routeros
from sopctl.model.ports import port

SHORT, LONG = 10_000, 40_000
UNNOTICED = 0.02
"""Seconds: what is faster is not judged."""
QUADRATIC = 10.0
"""Linear work takes four times as long for four times the text, quadratic work sixteen times."""


def modules() -> Iterator[Any]:
    for package in (sopctl.adapters.switch, sopctl.model.ports):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def patterns() -> dict[str, re.Pattern[Any]]:
    """Every compiled pattern of these packages once, by its place."""
    found: dict[str, re.Pattern[Any]] = {}
    seen: set[re.Pattern[Any]] = set()
    for module in modules():
        holders = [module, *(each for each in vars(module).values() if isinstance(each, type | Dialect))]
        for holder in holders:
            for name, value in vars(holder).items():
                if isinstance(value, re.Pattern) and value not in seen:
                    seen.add(value)
                    found[f"{module.__name__}.{getattr(holder, '__name__', '')}.{name}"] = value
    return found


def pieces(pattern: str) -> list[str]:
    """What this pattern looks for, and what surrounds such words."""
    words = [word for word in re.findall(r"[A-Za-z0-9]{2,}|[^A-Za-z0-9\s]", pattern) if word]
    return list(dict.fromkeys([*words[:6], "a", " ", "0", "=", '"']))[:8]


def texts(pattern: str) -> Iterator[str]:
    for one, two in product(pieces(pattern), repeat=2):
        yield one + two


def seconds(work: Callable[[], object]) -> float:
    """The shortest of three times."""
    taken = []
    for _ in range(3):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def judge(work: Callable[[str], object], piece: str, end: str = "\x00") -> None:
    long = piece * (LONG // len(piece)) + end
    began = time.process_time()
    work(long)
    slow = time.process_time() - began
    if slow < UNNOTICED:
        return
    short = piece * (SHORT // len(piece)) + end
    fast = seconds(lambda: work(short))
    if slow >= QUADRATIC * fast:  # by the machine's doing, or once more
        slow = seconds(lambda: work(long))
    assert slow < max(UNNOTICED, QUADRATIC * fast), f"{piece!r}: {fast:.3f} s for {SHORT}, {slow:.3f} s for {LONG}"


@pytest.mark.parametrize("name", sorted(patterns()))
def test_every_pattern_takes_linear_time(name: str) -> None:
    pattern = patterns()[name]
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode()

    def search(text: str) -> object:
        return pattern.sub("", text) if isinstance(pattern.pattern, str) else pattern.sub(b"", text.encode())

    for piece in texts(source):
        judge(search, piece)


def test_no_pattern_is_hidden_in_a_call() -> None:
    """A pattern that is compiled where it is used would not be found above."""
    for module in modules():
        with open(cast(str, module.__file__)) as file:
            assert not re.search(r"\bre\.(match|search|fullmatch|sub|findall|finditer|split)\(", file.read()), module


class Sink:
    def write(self, _data: bytes) -> None:
        pass


READERS: dict[str, Callable[[str], object]] = {
    "cisco neighbours": lambda said: [cisco_ios._lldp(each, "p") for each in cisco_ios._blocks(said)],
    "cisco cdp": lambda said: [cisco_ios._cdp(each, "p") for each in cisco_ios._blocks(said)],
    "cisco addresses": lambda said: list(cisco_ios._table(said)),
    "cisco states": lambda said: list(cisco_ios._status(said)),
    "cisco vlans": lambda said: list(cisco_ios._vlans(said)),
    "cisco ports": lambda said: [cisco_ios._port(*each, "") for each in cisco_ios._interfaces(said)],
    "routeros": mikrotik_routeros.entries,
    "terminal": _lines,
    "clean": session._clean,
    "refusal": Dialect("x", CISCO_LIKE).refused,
    "text": lambda said: port.bounded(said.split("\n")),
    "log": lambda said: session_log.Redacted(cast(Any, Sink()), ["secret"]).write(said.encode()),
}
LINES = (
    "x" * 50 + "\n" + "-" * 48 + "\n",
    "-" * 48 + "\nLocal Intf: Gi1/0/1\nSystem Name: a\n",
    "Device ID: " + "a" * 60 + "\n",
    "System Description: \n",
    " 110 5254.0012.3456 DYNAMIC Gi1/0/1\n",
    "interface GigabitEthernet1/0/1\n",
    " switchport trunk allowed vlan add 1-4094\n",
    "110 x active Gi1/0/1, ",
    ' 0 R name="',
    'a="\\"',
    "name=",
    " 0 ;;; ",
    "\x08",
    "a\x08\x08",
    "\r",
    "\x1b[0;",
    "\x1b]0;",
    "password ",
    "password= = =",
    "% Invalid ",
    "\n\n\n",
    "%",
    ",",
    "1-4094,",
)


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_reader_takes_linear_time(name: str) -> None:
    def read(text: str) -> None:
        with contextlib.suppress(ValueError):
            READERS[name](text)

    for piece in LINES:
        judge(read, piece)
