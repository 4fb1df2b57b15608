"""A further platform is one file, for appliances and for switches: it is put into a copy of the package, and works."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sopctl

CHECKOUT = Path(sopctl.__file__).parent.parent

APPLIANCE = '''"""Extreme Networks' EXOS: what `show version` says."""

from sopctl.model.facts.answers import Answers, Refusals
from sopctl.model.facts.parts import Module
from sopctl.model.sanitise import text

VERSION = "show version"
COMMANDS = (VERSION,)
TERMINAL = ("disable clipaging session",)
READ_BY = dict.fromkeys(("vendor", "product", "serial", "os_name", "os_version", "modules"), (VERSION,))
REFUSALS = Refusals(absent=("% Invalid input",), refused=("% Permission denied",))


def read(answers: Answers) -> dict[str, object]:
    said = dict(line.split(": ", 1) for line in answers.lines(VERSION)[:100] if ": " in line)
    part, version = text(said.get("Switch "), 80), text(said.get("Image "), 80)
    serial = part.split()[1] if part else None
    return {
        "vendor": "Extreme Networks" if version else None,
        "serial": serial,
        "os_name": "ExtremeXOS" if version else None,
        "os_version": version.split()[2] if version else None,
        "modules": (Module("chassis", part, None, serial),) if serial else (),
    }
'''
SWITCH = '''"""A switch that is always as it should be."""

from sopctl.adapters.switch.platforms.openvswitch import *  # a platform as any other
'''
PLAY = """
import json
from sopctl.adapters.switch import Endpoint, Login, ask, driver
from sopctl.model.facts.appliance import commands, from_answers
from tests.adapters.switch.conftest import HOST_KEY, pin
from tests.adapters.switch.fake import Device, Unscripted, running

class Exos:
    ended = False
    def greeting(self): return "\\n"
    def prompt(self): return "X440.1 # "
    def answer(self, line):
        if line == "exit": self.ended = True
        elif line == "show version":
            return "Switch : 800471-00-05 1312N-40001 Rev 5.0\\nImage : ExtremeXOS version 16.2.5.4 by release\\n"
        elif line not in ("", "disable clipaging session"): raise Unscripted(line)
        return ""

with running(Device(Exos, HOST_KEY)) as device:
    said = ask(Endpoint("127.0.0.1", device.port, pin()), Login(device.user, password=device.password),
               "extreme_exos", commands("extreme_exos"))
facts = from_answers("extreme_exos", said, gathered_at="2026-11-25T08:00:00+07:00")
print(json.dumps([facts.serial, facts.os_version, driver("own_switch").DIALECT.configuring]))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, without the two files."""
    for folder in ("sopctl", "playbooks", "inventory"):
        shutil.copytree(CHECKOUT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "ansible.cfg", tmp_path)
    return tmp_path


def played(package: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{package}{os.pathsep}{CHECKOUT}"}
    return subprocess.run(
        [sys.executable, *command], cwd=package, env=environment, capture_output=True, text=True, check=False
    )


def test_a_platform_is_one_file(package: Path) -> None:
    """Letters take it, sessions speak to it, its answers become facts; and a switch's record takes the other."""
    (package / "sopctl/model/facts/platforms/extreme_exos.py").write_text(APPLIANCE)
    (package / "sopctl/adapters/switch/platforms/own_switch.py").write_text(SWITCH)
    ran = played(package, "-c", PLAY)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == ["1312N-40001", "16.2.5.4", "shell"]
    assert len(APPLIANCE.splitlines()) < 40

    assert played(package, "-m", "sopctl", "init", "kantor").returncode == 0
    site = package / "kantor"
    (site / "switches").mkdir(exist_ok=True)
    (site / "switches" / "sw-a1.yml").write_text(
        "name: sw-a1\nplatform: own_switch\naddress: 192.0.2.2\naccount: sopctl\npassword: sw-a1\nports: p{n}\n"
        "service_vlan: 110\nquarantine_vlan: 999\n"
    )
    example = played(package, "-m", "sopctl", "--site", "kantor", "request", "--example", "--appliance").stdout
    letter = package / "letter.yml"
    letter.write_text(example.replace("platform: cisco_ios", "platform: extreme_exos"))
    assert "platform: extreme_exos" in letter.read_text()
    filed = played(package, "-m", "sopctl", "--site", "kantor", "request", str(letter))
    assert filed.returncode == 0, filed.stdout + filed.stderr
    valid = played(package, "-m", "sopctl", "--site", "kantor", "validate")
    assert valid.returncode == 0, valid.stdout + valid.stderr
