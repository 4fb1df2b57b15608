"""How the owner reaches what is deposited, as messages say it."""

import yaml
from msgspec import convert

from sopctl.model.access.target import HostKey
from sopctl.model.deposit import Deposit
from sopctl.model.message import how_to_reach
from sopctl.workflow.setup.init import EXAMPLE_OTHER, EXAMPLE_REQUEST

KEY = HostKey("ssh-ed25519", "AAAA", "SHA256:x")


def deposit(letter: str) -> Deposit:
    return convert({"id": "PS-2026-0001", **yaml.load(letter, yaml.CSafeLoader)}, Deposit, strict=False)


def test_a_server_is_reached_by_a_command_for_each_account() -> None:
    server = deposit(EXAMPLE_REQUEST)
    assert how_to_reach(server, KEY, "id").splitlines() == [
        "  ssh -p 22 webadmin@192.0.2.10",
        "  Sidik jari kunci server (ssh-ed25519): SHA256:x",
        "  Port layanan: 80, 443",
    ]


def test_a_machine_that_takes_no_ssh_is_reached_at_its_address() -> None:
    machine = deposit(EXAMPLE_OTHER)
    assert how_to_reach(machine, None, "en").splitlines() == ["  192.0.2.30", "  Service ports: 443, 3389"]
