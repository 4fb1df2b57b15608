"""A backup is the whole site, every file as it was, and nothing else gets in or out."""

import gzip
import io
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.adapters import sealing
from sopctl.cli import terminal
from sopctl.errors import Conflict, InvalidRecord, NotNow, SopctlError, UsageError
from sopctl.model.sop.entries import Configured, Left
from sopctl.store import dossiers
from sopctl.store.page.database import Database
from sopctl.store.site import MOVED, Site
from sopctl.workflow import accounts, inventory_view
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.papers import integrity
from sopctl.workflow.setup import backup, doctor, journal
from sopctl.workflow.setup.init import EXAMPLE_REQUEST
from sopctl.workflow.steps import acts, letters
from tests.conftest import Ran

PASSPHRASE = "kuda laut biru empat"


@pytest.fixture(autouse=True)
def cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """scrypt with less to do in this process, half a second each time; the commands that run below are as they are."""
    monkeypatch.setattr(sealing, "COST", 2**10)


@pytest.fixture
def full(desk: Desk, until_space: Callable[..., str]) -> Desk:
    """A site with two deposits, checks and a secret."""
    until_space()
    until_space()
    desk.site.root.joinpath("keys/mail").write_text("rahasia\n")
    with desk.site.keeping_key("login/PS-2026-0001", b"rahasia\n"):
        pass
    with sqlite3.connect(desk.site.root / "var/checks.sqlite3") as database:
        database.execute("CREATE TABLE x (a)")
        database.execute("INSERT INTO x VALUES ('kept')")
    return desk


def content(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.relative_to(root).parts[0] not in ("var", "keys")
    }


def test_what_comes_back_is_what_was_there(full: Desk, tmp_path: Path) -> None:
    file, root = tmp_path / "site.tar.gz", tmp_path / "restored"
    made = backup.write(full, file)
    assert file.stat().st_mode & 0o777 == 0o600
    done = backup.restore(file, root, terminal.desk)
    assert done.problems == ()
    assert done.anchor == made.anchor == str(journal.anchor(full))
    assert done.files == made.files
    assert content(root) == content(full.site.root)
    with sqlite3.connect(root / "var/checks.sqlite3") as database:
        assert database.execute("SELECT a FROM x").fetchone() == ("kept",)
    assert list((root / "keys").iterdir()) == []
    assert b"rahasia" not in gzip.decompress(file.read_bytes())
    again = terminal.desk(Site(root), user="root", clock=full.clock)
    letters_of = [document.state for name in dossiers.ids(again.site) for document in integrity.documents(again, name)]
    assert set(letters_of) == {"intact"}


def test_secrets_come_only_when_asked_for_and_sealed(full: Desk, tmp_path: Path) -> None:
    file = tmp_path / "site.tar.gz"
    assert backup.write(full, file, passphrase=PASSPHRASE).secrets
    assert b"rahasia" not in gzip.decompress(file.read_bytes())
    with pytest.raises(InvalidRecord, match="does not open"):
        backup.restore(file, tmp_path / "wrong", terminal.desk, passphrase="kuda laut biru lima")
    assert not (tmp_path / "wrong" / "sopctl.yml").exists(), "no site"
    backup.restore(file, tmp_path / "right", terminal.desk, passphrase=PASSPHRASE)
    for name in ("mail", "login/PS-2026-0001"):
        key = tmp_path / "right" / "keys" / name
        assert (key.read_text(), key.stat().st_mode & 0o777) == ("rahasia\n", 0o600)
    with pytest.raises(UsageError, match="12 characters"):
        backup.write(full, tmp_path / "other.tar.gz", passphrase="short")
    assert not (tmp_path / "other.tar.gz").exists()


def test_the_pages_accounts_come_sealed_and_nobody_is_logged_in_there(full: Desk, tmp_path: Path) -> None:
    """They came along in plain text, sessions among them, copied in the middle of whatever was being written."""
    site, now = full.site, full.now()
    accounts.kept(site).invite("kadis", "person", "einladung", now.timestamp() + 60)
    accounts.kept(site).accept("einladung", "the hash of a password", now.timestamp())
    accounts.sessions(site).begin("geheim", "kadis", now.timestamp())
    plain = backup.write(full, tmp_path / "plain.tar.gz")
    assert plain.left == ("page/page.sqlite3",)
    assert b"the hash of" not in gzip.decompress((tmp_path / "plain.tar.gz").read_bytes())
    backup.restore(tmp_path / "plain.tar.gz", tmp_path / "without", terminal.desk)
    assert not (tmp_path / "without" / "page").exists()
    with Database(site).open() as writing:  # another process is in the middle of it
        writing.execute("INSERT INTO accounts VALUES ('half', 'person', '')")
        backup.write(full, tmp_path / "sealed.tar.gz", passphrase=PASSPHRASE)
    assert b"the hash of" not in gzip.decompress((tmp_path / "sealed.tar.gz").read_bytes())
    done = backup.restore(tmp_path / "sealed.tar.gz", tmp_path / "with", terminal.desk, passphrase=PASSPHRASE)
    assert done.problems == ()
    back = Site(tmp_path / "with")
    assert [each.password for each in accounts.kept(back).all()] == ["the hash of a password"]
    assert accounts.sessions(back).account("geheim", now.timestamp()) is None
    assert accounts.sessions(site).account("geheim", now.timestamp()) == "kadis", "here they go on"
    assert (back.root / "page/.gitignore").is_file()


def test_a_plain_secret_of_ansibles_is_a_secret(full: Desk, tmp_path: Path) -> None:
    """Variables that doctor calls a secret: they came along in plain text, and came back for others to read."""
    name = "inventory/host_vars/PS-2026-0001.yml"
    variables = full.site.root / name
    variables.parent.mkdir(exist_ok=True)
    variables.write_text("db_password: rahasia\n")
    variables.chmod(0o600)
    plain = backup.write(full, tmp_path / "plain.tar.gz")
    assert plain.left == (name,)
    assert b"rahasia" not in gzip.decompress((tmp_path / "plain.tar.gz").read_bytes())
    assert backup.restore(tmp_path / "plain.tar.gz", tmp_path / "without", terminal.desk).problems == ()
    assert not (tmp_path / "without" / name).exists()
    sealed = backup.write(full, tmp_path / "sealed.tar.gz", passphrase=PASSPHRASE)
    assert sealed.left == ()
    assert b"rahasia" not in gzip.decompress((tmp_path / "sealed.tar.gz").read_bytes())
    backup.restore(tmp_path / "sealed.tar.gz", tmp_path / "with", terminal.desk, passphrase=PASSPHRASE)
    back = tmp_path / "with" / name
    assert (back.read_text(), back.stat().st_mode & 0o777) == ("db_password: rahasia\n", 0o600)


def test_a_backup_replaces_nothing_and_lies_elsewhere(full: Desk, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("mine")
    for file in (tmp_path / "there", full.site.root / "backup.tar.gz"):
        with pytest.raises(UsageError, match="exists already, or lies in the site"):
            backup.write(full, file)
    backup.write(full, tmp_path / "new.tar.gz")
    with pytest.raises(UsageError, match="not an empty folder"):
        backup.restore(tmp_path / "new.tar.gz", full.site.root, terminal.desk)


def test_what_others_record_meanwhile_is_whole_or_not_there(
    full: Desk, file_request: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deposits are opened and moved on after the records were read, before the documents are."""
    from sopctl.store import backup as store

    walk = store._documents

    def meanwhile(site: Site, pack: store._Packer) -> object:
        deposit = file_request()
        letters.dispose(full, deposit, instruction="x")
        return walk(site, pack)

    monkeypatch.setattr(store, "_documents", meanwhile)
    backup.write(full, tmp_path / "site.tar.gz")
    done = backup.restore(tmp_path / "site.tar.gz", tmp_path / "restored", terminal.desk)
    assert done.problems == ()
    assert len(dossiers.ids(Site(tmp_path / "restored"))) == 2


def changed(file: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes]]) -> Path:
    made = io.BytesIO()
    with tarfile.open(file) as source, tarfile.open(fileobj=made, mode="w:gz") as packed:
        for entry in source:
            read = source.extractfile(entry)
            new, data = change(entry, read.read() if read else b"")
            new.size = len(data)
            packed.addfile(new, io.BytesIO(data))
    path = file.with_name("changed.tar.gz")
    path.write_bytes(made.getvalue())
    return path


def renamed(entry: tarfile.TarInfo, old: str, new: str) -> tarfile.TarInfo:
    if entry.name == old:
        entry.name = new
    return entry


ALTERED: dict[str, Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes]]] = {
    "a byte": lambda entry, data: (entry, data.replace(b"Dinas Contoh", b"Dinas Palsu")),
    "a file out of the folder": lambda entry, data: (renamed(entry, "sopctl.yml", "../sopctl.yml"), data),
    "an absolute path": lambda entry, data: (renamed(entry, "sopctl.yml", "/tmp/sopctl.yml"), data),
    "a file more": lambda entry, data: (renamed(entry, "journal.jsonl", "playbooks/more.yml"), data),
    "no manifest": lambda entry, data: (renamed(entry, "MANIFEST.json", "racks/x.yml"), data),
}


@pytest.mark.parametrize("change", ALTERED.values(), ids=ALTERED.keys())
def test_a_backup_that_was_altered_makes_no_site(
    full: Desk, tmp_path: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes]]
) -> None:
    file = tmp_path / "site.tar.gz"
    backup.write(full, file)
    with pytest.raises(InvalidRecord):
        backup.restore(changed(file, change), tmp_path / "restored", terminal.desk)
    assert not (tmp_path / "restored" / "sopctl.yml").exists()
    assert not (tmp_path / "sopctl.yml").exists()


@pytest.mark.parametrize("harm", ["cut", "no gzip", "empty"])
def test_what_is_no_backup_is_one_clear_error(full: Desk, tmp_path: Path, harm: str) -> None:
    file = tmp_path / "site.tar.gz"
    backup.write(full, file)
    data = file.read_bytes()
    file.write_bytes({"cut": data[: len(data) // 2], "no gzip": b"x" * 5_000, "empty": b""}[harm])
    with pytest.raises(SopctlError, match="no backup of a site"):
        backup.restore(file, tmp_path / "restored", terminal.desk)


def test_the_commands(full: Desk, tmp_path: Path, sopctl: Callable[..., Ran]) -> None:
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")
    (tmp_path / "passphrase").chmod(0o600)
    file, given = str(tmp_path / "s.tar.gz"), ("--passphrase-file", str(tmp_path / "passphrase"))
    ran = sopctl("backup", file, *given)
    assert (ran.code, "with secrets" in ran.out) == (0, True), ran.err
    ran = sopctl("restore", file, str(tmp_path / "restored"), *given)
    assert (ran.code, "0 problems" in ran.out) == (0, True), ran.err
    assert sopctl("--site", str(tmp_path / "restored"), "validate").code == 0
    assert sopctl("backup", str(tmp_path / "t.tar.gz"), "--with-secrets").code == 2, "nobody can be asked"


def test_a_site_that_was_moved_is_for_reading_only(
    desk: Desk, tmp_path: Path, sopctl: Callable[..., Ran], placed: Callable[..., str]
) -> None:
    """The new controller goes on; the old one can record nothing and reach nobody, in whatever way."""
    placed("127.0.0.1", 9, {"type": "ssh-ed25519", "key": "AAAA", "sha256": "SHA256:" + "x" * 43})
    with turn(desk, "PS-2026-0001", "configure") as mine:
        left = Left(left="0" * 64, asked="0" * 64, playbooks="0" * 64, tasks="0" * 64)
        mine.record("selesai", Configured(changed=1), left)
    file, secret = tmp_path / "site.tar.gz", tmp_path / "passphrase"
    secret.write_text(f"{PASSPHRASE}\n")
    secret.chmod(0o600)
    ran = sopctl("backup", str(file), "--moving", "--with-secrets", "--passphrase-file", str(secret))
    assert ran.code == 0, ran.err
    letter = desk.site.root / "letter.yml"
    other = {"090/1/2026": "090/7/2026", "SN-0001": "SN-0007", "web1": "web7", "192.0.2.10": "192.0.2.17"}
    for old, new in other.items():
        letter.write_text((letter.read_text() if letter.exists() else EXAMPLE_REQUEST).replace(old, new))
    for words in (
        "request letter.yml",
        "hold PS-2026-0001 --reason x --by kadis",
        "check --all",
        "check PS-2026-0001",
        "configure --drift PS-2026-0001",
        "configure --repair PS-2026-0001",
        "host-key PS-2026-0001",
        "login PS-2026-0001 --key-file keys/management",
        "key rotate",
        "visit announce --who A --from B --purpose x --by staf",
        "remind",
        "queue run",
        f"backup {tmp_path / 'again.tar.gz'} --moving",
    ):
        before = content(desk.site.root)
        ran = sopctl(*words.split())
        assert ran.code != 0, words
        assert "another controller works on this site now" in ran.err + ran.out, (words, ran)
        assert content(desk.site.root) == before, words
    with pytest.raises(NotNow, match="another controller"):
        inventory_view.hosts(desk.site.root)
    for words in ("list", "show PS-2026-0001", "todo", "validate", "journal verify", "schedule show", "key status"):
        assert sopctl(*words.split()).code == 0, words
    assert MOVED in "".join(sopctl("doctor").out.split())

    root = tmp_path / "restored"
    ran = sopctl("restore", str(file), str(root), "--with-secrets", "--passphrase-file", str(secret))
    assert ran.code == 0, ran.err
    assert not (root / MOVED).exists()
    assert (root / "keys/management").read_bytes() == (desk.site.root / "keys/management").read_bytes()
    there = terminal.desk(Site(root), user="root", clock=desk.clock)
    acts.hold(there.decided_by("kadis"), "PS-2026-0001", reason="x")
    assert "another controller" not in " ".join(sopctl("--site", str(root), "doctor").out.split())

    (desk.site.root / MOVED).unlink()
    assert sopctl("hold", "PS-2026-0001", "--reason", "x", "--by", "kadis").code == 0, "it was not moved after all"


def test_a_site_that_is_worked_on_is_not_moved(full: Desk, tmp_path: Path) -> None:
    file = tmp_path / "site.tar.gz"
    with dossiers.open_alone(full.site, "PS-2026-0002"), pytest.raises(Conflict, match="PS-2026-0002 is held"):
        backup.write(full, file, moving=True)
    with pytest.raises(SopctlError, match="No such file"):
        backup.write(full, tmp_path / "nowhere/site.tar.gz", moving=True)
    assert not (full.site.root / MOVED).exists(), "a backup that fails takes the mark back"
    assert not file.exists()
    acts.hold(full.decided_by("kadis"), "PS-2026-0002", reason="x")


def test_the_doctor_names_what_a_restored_site_lacks(full: Desk, tmp_path: Path) -> None:
    file, root = tmp_path / "site.tar.gz", tmp_path / "restored"
    settings = full.site.root / "sopctl.yml"
    mail = "mail: {host: mail.example.org, sender: a@example.org, user: a, password: mail}\n"
    settings.write_text(settings.read_text() + mail)
    backup.write(full, file)
    backup.restore(file, root, terminal.desk)
    found = {each.what: each for each in doctor.diagnose(str(root)) if not each.ok}
    assert {"management key", "keys/mail", "keys/owner", "timers"} <= set(found)
    assert "the mail server" in found["keys/mail"].detail
    assert "the first contact with PS-2026-0001" in found["keys/owner"].detail
