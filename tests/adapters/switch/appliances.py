"""Network appliances on loopback: strict command lines that answer as tests/cases/appliances has it."""

import re
from collections.abc import Callable, Mapping

from sopctl.model.facts.appliance import terminal
from tests.adapters.switch.fake import Machine, Unscripted


class Ios:
    """Cisco IOS, without the privileged mode: an account that may only look."""

    def __init__(self, said: Mapping[str, str], name: str) -> None:
        self.said = said
        self.name = name
        self.ended = False

    def greeting(self) -> str:
        return "\r\nDilarang masuk tanpa izin #\r\n"

    def prompt(self) -> str:
        return f"{self.name}>"

    def answer(self, line: str) -> str:
        match line.split():
            case [] | ["terminal", "length" | "width", _]:
                return ""
            case ["exit"]:
                self.ended = True
                return ""
        return _scripted(self.said, line)


class RouterOs:
    """RouterOS: no modes, and a prompt with the device's name in brackets."""

    def __init__(self, said: Mapping[str, str], name: str) -> None:
        self.said = said
        self.name = name
        self.ended = False

    def greeting(self) -> str:
        return "\r\n  MikroTik RouterOS 7.14.3 (c) 1999-2024       https://www.mikrotik.com/\r\n\r\n"

    def prompt(self) -> str:
        return f"[sopctl@{self.name}] > "

    def answer(self, line: str) -> str:
        if not line.strip():
            return ""
        if line.strip() in ("exit", "/quit", "quit"):
            self.ended = True
            return ""
        return _scripted(self.said, line)


class Other:
    """A platform that is neither: its prompt, what it may be told about its terminal, and a pager that may stay on."""

    def __init__(self, said: Mapping[str, str], platform: str, rows: int = 0) -> None:
        self.said = said
        self.platform = platform
        self.rows = rows
        self.ended = False

    def greeting(self) -> str:
        return "\nPeringatan: hanya untuk yang berwenang.\n"

    def prompt(self) -> str:
        return PROMPTS[self.platform]

    def answer(self, line: str) -> str:
        if line in ("", "exit", "end"):
            self.ended = line == "exit"
            return ""
        if line in (terminal(self.platform) or ()):
            self.rows = 0
            return "Screen length set to 0\n" if "cli" in line else ""
        return _scripted(self.said, line)

    def hang_up(self) -> None: ...


PROMPTS = {
    "aruba_aoscx": "sw-akses# ",
    "cisco_nxos": "nx-batas# ",
    "fortinet": "fw-dinas # ",
    "hp_procurve": "sw-lantai2> ",
    "juniper_junos": "\n{master:0}\ndinas@sw-distribusi> ",
    "paloalto_panos": "dinas@fw-kominfo(active)> ",
}


def machine(said: Mapping[str, str], platform: str = "") -> Callable[[], Machine]:
    """A machine that gives these answers; whether it is a Cisco with IOS or a MikroTik shows in them."""
    if platform in PROMPTS:
        return lambda: Other(said, platform)
    if "show version" in said:
        name = re.search(r"^ *(\S+) uptime is ", said["show version"], re.MULTILINE)
        return lambda: Ios(said, name[1] if name else "Router")
    name = re.search(r"name: (.+)", said["/system identity print"])
    return lambda: RouterOs(said, name[1] if name else "MikroTik")


def _scripted(said: Mapping[str, str], line: str) -> str:
    if line.strip() not in said:
        raise Unscripted(line)
    return said[line.strip()]
