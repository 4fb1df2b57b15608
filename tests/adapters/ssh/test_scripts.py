"""left.sh, run by a real sh: its note, and what it says of one. The fingerprint is a file here."""

import hashlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from sopctl.adapters.ssh import scripts
from sopctl.model.fingerprint.answer import Answer, read

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a note belongs to root")

COMPLETE = {"look complete": "yes", "look version": "1"}


class Server:
    """A folder with a note, and what a look would find there now."""

    def __init__(self, root: Path) -> None:
        self.place, self.facts = root / "sopctl/left", root / "facts"

    def run(
        self,
        verb: str,
        facts: Mapping[str, str],
        asked: Mapping[str, str] = {},
        kept: Sequence[str] = (),
        *,
        as_proven: bool = False,
    ) -> Answer | None:
        self.facts.write_text("".join(f"{fact}\t{value}\n" for fact, value in sorted(facts.items())))
        made = scripts.left(f'cat {self.facts}; echo "$@" >{self.facts}.said', asked, kept, as_proven=as_proven)
        ran = subprocess.run(
            ["sh", "-s", "--", "m", verb, self.place, "sopctl", "webadmin"],
            input=made,
            capture_output=True,
            check=False,
        )
        assert ran.stderr == b""
        return read(ran.stdout, "m")


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_a_note_and_what_differs_from_it(server: Server) -> None:
    facts = {**COMPLETE, "sshd port": "22", "account a": 'it\'s\\n "x" $HOME `id` %s', "unit b": "x"}
    made = server.run("note", facts, {"ports": '[80,"\'"]'})
    assert made
    assert made.note == hashlib.sha256(server.place.read_bytes()).hexdigest()
    assert server.place.stat().st_mode & 0o777 == 0o600
    assert server.place.parent.stat().st_mode & 0o777 == 0o755
    assert Path(f"{server.facts}.said").read_text() == "sopctl webadmin\n"

    found = server.run("compare", facts)
    assert found
    assert (found.note, found.asked, found.then, found.now) == (made.note, {"ports": '[80,"\'"]'}, COMPLETE, COMPLETE)
    now = {**COMPLETE, "sshd port": "23", "account a": facts["account a"], "nft inet c": "new", "nft-sets inet c": "x"}
    found = server.run("compare", now)
    assert found
    assert {fact: value for fact, value in found.then.items() if fact not in COMPLETE} == {
        "sshd port": "22",
        "unit b": "x",
    }
    assert {fact: value for fact, value in found.now.items() if fact not in COMPLETE} == {
        "sshd port": "23",
        "nft inet c": "new",
    }
    assert [path.name for path in server.place.parent.iterdir()] == ["left"], "a look leaves nothing"


def test_a_new_note_says_what_differed_and_keeps_what_it_is_told(server: Server) -> None:
    server.run("note", {**COMPLETE, "sshd port": "22", "unit a": "on", "unit gone": "on"}, {"ports": "[80]"})
    now = {**COMPLETE, "sshd port": "23", "unit a": "off", "unit new": "on", "unit other": "on"}
    made = server.run("note", now, {"ports": "[443]"}, ["unit a", "unit gone", "unit new"])
    assert made
    assert made.now["sshd port"] == "23", "what the run changed"
    assert made.asked == {"ports": "[80]"}
    found = server.run("compare", now)
    assert found
    assert found.asked == {"ports": "[443]"}
    differs = {fact for fact in {*found.then, *found.now} if fact not in COMPLETE}
    assert differs == {"unit a", "unit gone", "unit new"}, "as they were left before"


def test_what_was_changed_again_after_the_proof_is_told_and_not_what_the_run_left(server: Server) -> None:
    def proven() -> None:
        server.place.parent.mkdir(exist_ok=True)
        lines = ("sshd port\t22", "keys webadmin f\t1 keys", "keys gone f\t1 keys", "unit a\toff")
        Path(f"{server.place}.proven").write_text("\n".join(lines) + "\n")

    now = {**COMPLETE, "sshd port": "22", "keys webadmin f": "2 keys", "unit a": "on"}
    proven()
    made = server.run("note", now)
    assert made
    assert made.since_proof == {}, "where tasks of the site's come after the proof"
    proven()
    made = server.run("note", now, as_proven=True)
    assert made
    assert made.since_proof == {"keys webadmin f": "2 keys", "keys gone f": ""}, "what the run itself does later is not"
    found = server.run("compare", now)
    assert found
    assert {fact for fact in {*found.then, *found.now} if fact not in COMPLETE} == {"keys webadmin f", "keys gone f"}
    assert [path.name for path in server.place.parent.iterdir()] == ["left"]


@pytest.mark.parametrize("facts", [{"look complete": "no", "look version": "1"}, {}])
def test_what_was_not_looked_at_whole_is_no_note(server: Server, facts: dict[str, str]) -> None:
    server.run("note", {**COMPLETE, "sshd port": "22"})
    before = server.place.read_bytes()
    found = server.run("note", facts)
    assert found == Answer("incomplete")
    assert server.place.read_bytes() == before
    assert [path.name for path in server.place.parent.iterdir()] == ["left"]


def test_what_is_no_note_of_ours(server: Server) -> None:
    assert server.run("compare", COMPLETE) == Answer("absent")
    server.place.parent.mkdir()
    server.place.symlink_to("/etc/passwd")
    assert server.run("compare", COMPLETE) == Answer("absent"), "a link leads nowhere"
    server.place.unlink()
    server.place.write_text("look complete\tyes\n")
    os.chown(server.place, 12345, 12345)
    assert server.run("compare", COMPLETE) == Answer("absent"), "another could have written it"
