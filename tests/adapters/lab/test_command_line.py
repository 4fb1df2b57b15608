"""`sopctl lab` as a command: help and output, with a lab's records but without its servers."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from sopctl.adapters.lab import state
from sopctl.adapters.lab.state import Record, Tier
from sopctl.cli.lab import lab


@pytest.mark.parametrize("words", [[], ["up"], ["hardware"], ["status"], ["down"]])
def test_help_has_an_example(words: list[str]) -> None:
    result = CliRunner().invoke(lab, [*words, "--help"])
    assert result.exit_code == 0
    assert f"sopctl lab {' '.join(words)}".strip() in result.output


def test_status_is_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPCTL_LAB_RUN", str(tmp_path))
    assert json.loads(CliRunner().invoke(lab, ["status", "--json"]).stdout) == {"labs": []}
    for name in ("one", "two"):
        record = Record(name, Tier.CHROOT, "bookworm", "/image", "/roots", 3, 1, state.boot_id())
        state.folder(name).write(record)
    shown = json.loads(CliRunner().invoke(lab, ["status", "--json"]).stdout)
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
    }
    only = json.loads(CliRunner().invoke(lab, ["status", "--name", "two", "--json"]).stdout)
    assert [one["name"] for one in only["labs"]] == ["two"]
    assert "one1" in CliRunner().invoke(lab, ["status"]).stdout


def test_down_without_a_lab_is_done_and_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPCTL_LAB_RUN", str(tmp_path / "run"))
    result = CliRunner().invoke(lab, ["down", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"removed": []}
    assert os.listdir(tmp_path) == []
