"""`sopctl lab` as a command: help and output, with a lab's records but without its servers."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from sopctl.adapters.lab import state
from sopctl.adapters.lab.state import Record, Tier
from sopctl.cli.main import cli
from sopctl.errors import UsageError
from sopctl.model.ports.switch import SwitchRecord
from sopctl.store import codec


@pytest.mark.parametrize(
    "words", [[], ["up"], ["plug"], ["switch"], ["hardware"], ["states"], ["rehearse"], ["status"], ["down"]]
)
def test_help_has_an_example(words: list[str]) -> None:
    result = CliRunner().invoke(cli, ["lab", *words, "--help"])
    assert result.exit_code == 0
    assert f"sopctl lab {' '.join(words)}".strip() in result.output


def test_status_is_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPCTL_LAB_RUN", str(tmp_path))
    assert json.loads(CliRunner().invoke(cli, ["lab", "status", "--json"]).stdout) == {
        "schema": "sopctl/lab/status/1",
        "labs": [],
    }
    for name in ("one", "two"):
        record = Record(name, Tier.CHROOT, "bookworm", "/image", "/roots", 3, 1, state.boot_id())
        state.folder(name).write(record)
    shown = json.loads(CliRunner().invoke(cli, ["lab", "status", "--json"]).stdout)
    assert [one["name"] for one in shown["labs"]] == ["one", "two"]
    assert shown["labs"][0]["servers"][0] == {
        "name": "one1",
        "address": "127.18.3.11",
        "port": 2201,
        "user": "titipan",
        "key_file": str(tmp_path / "one" / "id_ed25519"),
        "host_keys": [],
        "state": "stopped",
        "pid": None,
        "states": [],
    }
    only = json.loads(CliRunner().invoke(cli, ["lab", "status", "--name", "two", "--json"]).stdout)
    assert [one["name"] for one in only["labs"]] == ["two"]
    assert "one1" in CliRunner().invoke(cli, ["lab", "status"]).stdout


def test_a_switch_is_shown_and_described_as_a_site_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPCTL_LAB_RUN", str(tmp_path / "run"))
    record = Record("one", Tier.SYSTEMD, "bookworm", "/image", "/roots", 3, 2, state.boot_id(), None, {1: 5, 2: 2})
    state.folder("one").write(record)
    (shown,) = json.loads(CliRunner().invoke(cli, ["lab", "status", "--json"]).stdout)["labs"]
    switch = shown["switch"]
    assert (switch["server"]["name"], switch["server"]["address"]) == ("one0", "198.18.3.10")
    assert (switch["network"], switch["controller"]) == ("198.19.3.0/24", "198.19.3.1")
    plugged = [port for port in switch["ports"] if port["server"]]
    assert plugged == [
        {"name": "p2", "server": "one2", "mac": "02:18:13:03:00:02", "address": "198.19.3.12"},
        {"name": "p5", "server": "one1", "mac": "02:18:13:03:00:01", "address": "198.19.3.11"},
    ]
    assert "p5   one1       02:18:13:03:00:01  198.19.3.11" in CliRunner().invoke(cli, ["lab", "status"]).stdout

    described = CliRunner().invoke(cli, ["lab", "switch", "--name", "one", "--as", "sw-a1"])
    path = tmp_path / "sw-a1.yml"
    path.write_text(described.stdout)
    kept = codec.load(path, SwitchRecord)
    assert (kept.name, kept.address, kept.key, kept.uplinks) == ("sw-a1", "198.18.3.10", "sw-a1", ("uplink",))
    assert (kept.interface(5), kept.service_vlan, kept.quarantine_vlan) == ("p5", 120, 999)
    alike = json.loads(CliRunner().invoke(cli, ["lab", "switch", "--name", "one", "--json"]).stdout)["switch"]
    assert (alike["name"], alike["platform"]) == ("one0", "openvswitch")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["up", "--vm", "--switch"], "no card for the switch"),
        (["switch"], "the lab lab has no switch"),
        (["plug", "lab1", "2"], "has no server 'lab1'"),
        (["up", "--vm", "--state", "ufw"], "cannot be put into an owner's state"),
        (["up", "--state", "ufv"], "the lab has no state 'ufv'"),
        (["rehearse", "--state", "ufw,none"], "the lab has no state 'none'"),
    ],
)
def test_without_a_switch_there_is_one_clear_message(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOPCTL_LAB_RUN", str(tmp_path / "run"))
    result = CliRunner().invoke(cli, ["lab", *words])
    assert isinstance(result.exception, UsageError)
    assert message in result.exception.message
    assert result.exception.remedy


def test_a_switch_has_a_plain_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPCTL_LAB_RUN", str(tmp_path / "run"))
    state.folder("one").write(
        Record("one", Tier.SYSTEMD, "bookworm", "/image", "/roots", 3, 1, state.boot_id(), None, {1: 1})
    )
    result = CliRunner().invoke(cli, ["lab", "switch", "--name", "one", "--as", "../sw"])
    assert isinstance(result.exception, UsageError)
    assert "is not a name for a switch" in result.exception.message


def test_down_without_a_lab_is_done_and_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPCTL_LAB_RUN", str(tmp_path / "run"))
    result = CliRunner().invoke(cli, ["lab", "down", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"schema": "sopctl/lab/down/1", "removed": []}
    assert os.listdir(tmp_path) == []


def test_states_are_listed_with_their_files() -> None:
    shown = CliRunner().invoke(cli, ["lab", "states"]).stdout
    assert "\nufw " in f"\n{shown}"
    document = json.loads(CliRunner().invoke(cli, ["lab", "states", "--json"]).stdout)
    folder = Path(document["folder"])
    assert {each["name"] for each in document["states"]} == {path.stem for path in folder.glob("*.yml")}


@pytest.mark.parametrize("words", [[], ["playbook.yml", "--state", "ufw"]])
def test_a_rehearsal_is_of_a_playbook_or_of_states(words: list[str]) -> None:
    result = CliRunner().invoke(cli, ["lab", "rehearse", *words])
    assert isinstance(result.exception, UsageError)
    assert "choose one of: PLAYBOOK, --state" in result.exception.message
