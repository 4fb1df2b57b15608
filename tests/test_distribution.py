"""What is installed beside the package: man pages and completion made from the commands, and the Debian package."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from distribution import pythons
from sopctl.adapters import lab
from sopctl.cli.main import cli

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("share")
    subprocess.run([sys.executable, CHECKOUT / "distribution/manual.py", folder], check=True)
    return folder


def test_every_command_has_a_man_page_that_roff_understands(share: Path) -> None:
    pages = sorted((share / "man/man1").iterdir())
    assert {page.name for page in pages} == {
        "sopctl.1",
        *(f"sopctl-{name}.1" for name in cli.list_commands(None)),  # type: ignore[arg-type]
    }
    warned = subprocess.run(
        ["groff", "-man", "-Kutf8", "-Tutf8", "-ww", "-z", *pages], capture_output=True, text=True, check=True
    )
    assert warned.stderr == ""
    shown = subprocess.run(
        ["groff", "-man", "-Kutf8", "-Tascii", "-P-cbou", share / "man/man1/sopctl-take-in.1"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "sopctl take-in [OPTIONS] [ID]" in shown.stdout
    assert "--all-ok" in shown.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("sopctl show ", ["PS-2026-0001", "PS-2026-0002"]),
        ("sopctl place ps-2026-0002", ["PS-2026-0002"]),
        ("sopctl visit announce --deposit PS-2026-0001", ["PS-2026-0001"]),
        ("sopctl take-", ["take-in"]),
        ("sopctl --site /nowhere show ", []),
    ],
)
def test_deposits_are_completed(
    share: Path, site: object, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch, typed: str,
    offered: list[str], tmp_path: Path,
) -> None:  # fmt: skip
    file_request(), file_request()
    monkeypatch.chdir(tmp_path / "site")
    words = typed.split(" ")
    found = BashComplete(cli, {}, "sopctl", "_SOPCTL_COMPLETE").get_completions(words[1:-1], words[-1])
    assert [each.value for each in found] == offered
    assert "_SOPCTL_COMPLETE=bash_complete" in (share / "bash-completion/completions/sopctl").read_text()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Debian package of this checkout."""
    subprocess.run(["make", "-s", "deb"], cwd=CHECKOUT, check=True, timeout=1500)
    return next((CHECKOUT / "dist").glob("sopctl_*.deb"))


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[lab.LabServer]:
    with lab.name_of_its_own("deb") as name:
        try:
            yield lab.up(name, servers=1, release=request.param).servers[0]
        finally:
            lab.down(name)


@pytest.fixture(scope="module")
def before(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the version before: that of this checkout, with a lower version and, in the playbooks that `init`
    copies, a file as an earlier version had it."""
    root = tmp_path_factory.mktemp("before")
    subprocess.run(["dpkg-deb", "-R", package, root / "deb"], check=True, timeout=600)
    control = root / "deb/DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*", "Version: 0.0.9", control.read_text()))
    for found in (root / "deb/opt/sopctl/lib").glob("*/site-packages/sopctl/skeleton/playbooks/facts.yml"):
        text = found.read_text()
        found.unlink()  # another link to it may be that of another Python
        found.write_text(f"{text}# as it was before\n")
    made = root / "before.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", root / "deb", made], check=True)
    shutil.rmtree(root / "deb")
    return made


INSTALLED = """
set -e
as() { su -s /bin/sh sopctl -c "$1"; }
dpkg -i /tmp/before.deb
cd /var/lib/sopctl
as 'sopctl init kantor && cd kantor && sopctl request --example > request.yml && sopctl request request.yml'
grep -q 'as it was before' kantor/playbooks/facts.yml
dpkg -i /tmp/sopctl.deb
dpkg -s sopctl | grep '^Version: ' | grep -qv 0.0.9
as 'cd kantor && sopctl show 1 && sopctl doctor' >doctor.txt
grep -q 'init --update' doctor.txt
as 'cd kantor && sopctl init --update && sopctl validate'
if grep -q 'as it was before' kantor/playbooks/facts.yml; then exit 1; fi
as 'cd kantor && sopctl doctor' >doctor.txt
if grep -q 'init --update' doctor.txt; then exit 1; fi
rm -r kantor doctor.txt
dpkg -P sopctl
dpkg -i /tmp/sopctl.deb
getent passwd sopctl
cd /var/lib/sopctl
as 'sopctl --version && sopctl init site && cd site && sopctl doctor'
as 'cd site && sopctl request --example > request.yml && sopctl request request.yml'
as 'cd site && sopctl dispose --by kadis --instruction a && sopctl dispose --by kabid --instruction b'
as 'cd site && sopctl reserve && sopctl notify --via phone && sopctl take-in --serial SN-0001 --all-ok'
as 'cd site && /opt/sopctl/bin/ansible-inventory -i inventory --graph'
sopctl --site /var/lib/sopctl/site schedule install
dpkg -L sopctl | grep -qx /usr/share/man/man1/sopctl-take-in.1.gz  # servers without manuals leave them out
dpkg -L sopctl | grep -qx /usr/share/bash-completion/completions/sopctl
dpkg -i /tmp/sopctl.deb
as 'cd site && sopctl show 1'
sopctl --site /var/lib/sopctl/site schedule remove
dpkg -r sopctl
test ! -e /usr/bin/sopctl
test -d /var/lib/sopctl/site
dpkg -P sopctl
test -d /var/lib/sopctl/site
rm -rf /var/lib/sopctl
echo all of it
"""


@pytest.mark.battery
@pytest.mark.lab
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("server", ["bookworm", "trixie"], indirect=True)
def test_the_debian_package_on_a_fresh_server(package: Path, before: Path, server: lab.LabServer) -> None:
    to = ["ssh", "-i", server.key_file, "-p", str(server.port), "-o", "StrictHostKeyChecking=no", "-o",
          "UserKnownHostsFile=/dev/null", f"{server.user}@{server.address}"]  # fmt: skip
    for name, each in (("sopctl", package), ("before", before)):
        with each.open("rb") as file:
            subprocess.run([*to, f"cat >/tmp/{name}.deb"], stdin=file, check=True, timeout=300)
    said = lab.run(server, INSTALLED, timeout=900)
    assert said.rstrip().endswith("all of it"), said
    assert os.path.exists(package)


@pytest.mark.parametrize(
    ("here", "found"),
    [
        ({"bin/python3.12": "3.12"}, "bin/python3.12"),
        ({"bin/python3.12": "", "usr/bin/python3.12": "3.12"}, "usr/bin/python3.12"),  # a shim that has none
        ({"bin/python3.12": "3.11"}, None),
        ({"bin/pyenv": "{folder}/versions/3.12.1", "versions/3.12.1/bin/python": "3.12"}, "versions/3.12.1/bin/python"),
        ({}, None),
    ],
)
def test_a_python_is_found_where_it_answers(
    here: dict[str, str], found: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, says in here.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho {says.format(folder=tmp_path)}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{tmp_path}/usr/bin")
    assert pythons.find("3.12") == (f"{tmp_path}/{found}" if found else None)


@pytest.mark.parametrize(("required", "code", "says"), [([], 0, "not on this machine"), (["3.99"], 1, "and required")])
def test_a_python_that_is_missing_is_said(
    required: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pythons.matrix(["3.99"], required, []) == code
    assert says in capsys.readouterr().out


def test_what_the_metadata_states_is_what_is_run() -> None:
    assert pythons.stated() == ["3.11", "3.12", "3.13"]
    assert "make matrix" in (CHECKOUT / ".ci/run").read_text()


def test_which_tests_are_run_may_be_said_after_the_pythons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["pythons.py", "matrix", "--pythons", "3.99 3.98", "tests/model", "tests/store"])
    heard: list[object] = []
    monkeypatch.setattr(pythons, "matrix", lambda *given: heard.append(given))
    pythons.main()
    assert heard == [(["3.99", "3.98"], [], ["tests/model", "tests/store"])]
