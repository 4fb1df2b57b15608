"""A site whose histories an older version wrote (cases/older_site) is read as it stands.

Its three deposits went through the demo on real servers; the papers themselves are left out.
"""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from sopctl.cli.main import cli
from sopctl.model.sop import entries
from sopctl.model.sop.entries import AccessTried, Configured, Entry, ExitRecorded, HostKeyPinned, Placed, ReturnLetter
from sopctl.store import dossiers
from sopctl.store.site import Site

OLDER = Path(__file__).parents[1] / "cases/older_site"
STANDING = {"PS-2026-0001": "selesai", "PS-2026-0002": "konfigurasi 6", "PS-2026-0003": "konfigurasi 1"}
READING = [
    ["validate"],
    ["list", "--state", "all"],
    ["todo"],
    ["todo", "--late"],
    ["queue", "list"],
    ["rack", "show", "A1"],
    ["journal", "verify"],
    ["report", "sla"],
    ["remind", "--dry-run"],
    *(["show", deposit] for deposit in STANDING),
    *(["sop", "show", name, "--deposit", "PS-2026-0001"] for name in ("penitipan", "konfigurasi", "pengembalian")),
]


@pytest.fixture
def older(tmp_path: Path) -> Path:
    return Path(shutil.copytree(OLDER, tmp_path / "site"))


def put_papers(root: Path) -> None:
    """Empty files in place of the papers that are left out: that they are gone would be told."""
    for history in root.glob("deposits/*/history.yml"):
        for name in re.findall(r"\bfile: ((?:documents|facts)/[\w.-]+)", history.read_text()):
            path = history.parent / name
            path.parent.mkdir(exist_ok=True)
            path.touch()


def contents(root: Path) -> dict[str, bytes]:
    """All files below `root` but those that may be lost."""
    files = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if not name.startswith("var/")}


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_it_is_read_and_stays_as_it_is(older: Path, words: list[str]) -> None:
    if words == ["journal", "verify"]:
        put_papers(older)
    before = contents(older)
    ran = CliRunner().invoke(cli, ["--site", str(older), *words])
    assert ran.exit_code == 0, ran.output
    assert contents(older) == before


def test_every_deposit_stands_where_it_stood(older: Path) -> None:
    ran = CliRunner().invoke(cli, ["--site", str(older), "list", "--state", "all", "--json"])
    assert {row["id"]: row["standing"] for row in json.loads(ran.output)["deposits"]} == STANDING


def test_all_that_it_established_is_read_as_entries(older: Path) -> None:
    """No key of its events is left that no entry reads."""
    kinds = [kind for kind in vars(entries).values() if isinstance(kind, type) and issubclass(kind, Entry)]
    known = {field for kind in kinds for field in kind.__struct_encode_fields__}
    for deposit in STANDING:
        events = dossiers.read(Site(older), deposit).events
        assert {key for event in events for key in event.data} <= known


def test_what_it_established_is_found(older: Path) -> None:
    given_back = dossiers.read(Site(older), "PS-2026-0001")
    for kind in (Placed, HostKeyPinned, Configured, AccessTried, ReturnLetter, ExitRecorded):
        assert given_back.newest(kind), kind
    loop = dossiers.read(Site(older), "PS-2026-0002")
    assert [tried.accessible for _, tried in loop.established(AccessTried)] == [True, False]


EARLIER = Path(__file__).parents[1] / "cases/older_sites"
"""Sites of one deposit each, made by three earlier versions (named by their commits), up to its place in a rack."""


@pytest.mark.parametrize("commit", sorted(path.name for path in EARLIER.iterdir()))
def test_a_site_of_an_earlier_version_is_read_as_it_is_and_goes_on(commit: str, tmp_path: Path) -> None:
    root = Path(shutil.copytree(EARLIER / commit, tmp_path / "site"))
    put_papers(root)
    before = contents(root)

    def run(*words: str) -> str:
        ran = CliRunner().invoke(cli, ["--site", str(root), "--clock-is-right", *words])
        assert ran.exit_code == 0, ran.output
        return ran.output

    for words in ("show 1", "todo", "list", "rack show A1", "journal verify", "report sla"):
        run(*words.split())
    assert contents(root) == before
    assert "what is due is" not in run("hold", "1", "--reason", "menunggu", "--by", "staf")
    assert (root / "origin.yml").read_text().startswith("format: 1\n")
    run("resume", "1", "--by", "staf")
    run("journal", "verify")
    after = contents(root)
    changed = {name for name, content in before.items() if after[name] != content}
    assert changed == {"journal.jsonl", "deposits/PS-2026-0001/history.yml"}
