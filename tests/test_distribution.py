"""What is installed beside the package: man pages and completion made from the commands, and the Debian package."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from distribution import deb, debian, pythons
from sopctl.adapters import lab
from sopctl.adapters.lab import image, process
from sopctl.adapters.lab.owner_state import OwnerState
from sopctl.cli.main import cli
from sopctl.errors import OutsideFailure
from tests.patience import PATIENCE

CHECKOUT = Path(__file__).parents[1]
INSTALLING = CHECKOUT / "docs/howto/installing.md"


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


PIPX = OwnerState(what="has pipx, as Debian packs it", script="true", packages=("pipx",))


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[lab.LabServer]:
    """A fresh server of this release, in these states."""
    release, states = request.param
    with lab.name_of_its_own("deb") as name:
        try:
            yield lab.up(name, servers=1, release=release, states=[states] if states else ()).servers[0]
        finally:
            lab.down(name)


@pytest.fixture(scope="module")
def older_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the version before: that of the commit which first made packages, with a lower version's number."""
    folder = tmp_path_factory.mktemp("older")
    git = ["git", "-C", str(CHECKOUT)]
    (*_, first) = _said(*git, "log", "--diff-filter=A", "--format=%H", "--", "distribution/deb.py").split()
    subprocess.run([*git, "archive", "-o", str(folder / "older.tar"), first], check=True)
    subprocess.run(["tar", "-C", folder, "-xf", folder / "older.tar"], check=True)
    (folder / "sopctl/__init__.py").write_text('"""sopctl"""\n\n__version__ = "0.0.9"\n')
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-build-isolation",
        "--no-deps",
        "-w",
        str(folder),
        str(folder),
    ]
    subprocess.run(pip, check=True, timeout=300)
    return next(folder.glob("sopctl-0.0.9-*.whl"))


@pytest.fixture(scope="module")
def older_package(package: Path, older_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the version before: this one's libraries, and sopctl of then."""
    root = tmp_path_factory.mktemp("before")
    subprocess.run(["dpkg-deb", "-R", package, root / "deb"], check=True, timeout=600)
    control = root / "deb/DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*", "Version: 0.0.9", control.read_text()))
    for libraries in (root / "deb/opt/sopctl/lib").glob("*/site-packages"):
        for path in libraries.glob("sopctl*"):
            shutil.rmtree(path)
        shutil.unpack_archive(older_wheel, libraries, "zip")
    made = root / "before.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", root / "deb", made], check=True)
    shutil.rmtree(root / "deb")
    return made


@pytest.fixture(scope="module")
def wheel() -> Path:
    """The wheel of this checkout; its pins lie beside it."""
    subprocess.run(["make", "-s", "wheel"], cwd=CHECKOUT, check=True, timeout=600)
    return next((CHECKOUT / "dist").glob("sopctl-*.whl"))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a package index has: the pinned wheels for the Pythons of both releases, packed."""
    wheels = tmp_path_factory.mktemp("index")
    for python in deb.PYTHONS:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(wheels)]
        subprocess.run(
            [*pip, "--python-version", python, "--require-hashes", "-r", str(deb.pins(python))], check=True, timeout=900
        )
    return Path(shutil.make_archive(str(wheels), "tar", wheels))


def _said(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


BY_DPKG = {
    "install_before": "dpkg -i /tmp/before.deb",
    "install": "dpkg -i /tmp/sopctl.deb",
    "upgrade": "dpkg -i /tmp/sopctl.deb",
    "remove": "dpkg -P sopctl; test ! -e /usr/bin/sopctl",
}

PACKED = """
dpkg -L sopctl | grep -qx /usr/share/man/man1/sopctl-take-in.1.gz  # servers without manuals leave them out
dpkg -L sopctl | grep -qx /usr/share/bash-completion/completions/sopctl
getent passwd sopctl
as 'cd site && /opt/sopctl/bin/ansible-inventory -i inventory --graph'
dpkg -r sopctl
test ! -e /usr/bin/sopctl
test -d /var/lib/sopctl/site
dpkg -i /tmp/sopctl.deb
"""

BY_PIPX = {
    "prepare": """
        mkdir /tmp/index && tar -C /tmp/index -xf /tmp/index.tar && chmod a+rx /tmp/index && rm /tmp/index.tar
        useradd --system --create-home --home-dir /var/lib/sopctl sopctl
        printf '[global]\\nno-index = true\\nfind-links = /tmp/index\\n' >/etc/pip.conf
    """,
    "install_before": "cd /tmp/before; as 'cd && mkdir older && cd older && cp /tmp/before/* . && sh install.sh'",
    "install": "as 'cd && mkdir -p newer && cd newer && cp /tmp/newer/* . && sh install.sh'",
    "upgrade": "as 'cd && mkdir -p newer && cd newer && cp /tmp/newer/* . && sh upgrade.sh'",
    "remove": "as 'pipx uninstall sopctl'; test ! -e /var/lib/sopctl/.local/bin/sopctl",
}

OFFICE = """
set -e
PATH=/var/lib/sopctl/.local/bin:$PATH
as() { su -s /bin/sh sopctl -c "PATH=$PATH; export PATH; set -e; $1"; }
prepare
install_before
cd /var/lib/sopctl
as 'sopctl --version' | grep -q '0\\.0\\.9'
as 'sopctl init kantor && cd kantor && sopctl request --example > request.yml && sopctl request request.yml'
upgrade
as 'sopctl --version' | grep -qv '0\\.0\\.9'
as 'cd kantor && sopctl show 1 && sopctl doctor' >doctor.txt
grep -q 'init --update' doctor.txt
as 'cd kantor && sopctl init --update && sopctl validate'
as 'cd kantor && sopctl doctor' >doctor.txt
if grep -q 'init --update' doctor.txt; then exit 1; fi
rm -r kantor doctor.txt
remove
install
cd /var/lib/sopctl
as 'sopctl init site && cd site && sopctl doctor'
as 'cd site && sopctl request --example > request.yml && sopctl request request.yml'
as 'cd site && sopctl dispose --by kadis --instruction a && sopctl dispose --by kabid --instruction b'
as 'cd site && sopctl reserve && sopctl notify --via phone && sopctl take-in --serial SN-0001 --all-ok'
as 'cd site && ls deposits/*/documents/*.pdf'
sopctl --site /var/lib/sopctl/site schedule install
upgrade
as 'cd site && sopctl show 1'
packed
sopctl --site /var/lib/sopctl/site schedule remove
remove
test -d /var/lib/sopctl/site
echo all of it
"""


def through_the_office(server: lab.LabServer, ways: Mapping[str, str]) -> None:
    """Install the version before, upgrade it, take a server in, and remove it: each in one of these ways."""
    empty = dict.fromkeys(("prepare", "packed"), ":")
    functions = "".join(f"{name}() {{\n{script}\n}}\n" for name, script in (empty | dict(ways)).items())
    said = lab.run(server, functions + OFFICE, timeout=1500)
    assert said.rstrip().endswith("all of it"), said


def put(server: lab.LabServer, files: Mapping[str, Path]) -> None:
    """Copy files to /tmp of a server, under these names."""
    to = ["ssh", "-i", server.key_file, "-p", str(server.port), "-o", "StrictHostKeyChecking=no", "-o",
          "UserKnownHostsFile=/dev/null", f"{server.user}@{server.address}"]  # fmt: skip
    for name, each in files.items():
        with each.open("rb") as file:
            subprocess.run(
                [*to, f"mkdir -p $(dirname /tmp/{name}); cat >/tmp/{name}"], stdin=file, check=True, timeout=300
            )


@pytest.mark.battery
@pytest.mark.lab
@pytest.mark.parametrize("server", [("bookworm", ()), ("trixie", ())], indirect=True, ids=["bookworm", "trixie"])
def test_the_debian_package_on_a_fresh_server(package: Path, older_package: Path, server: lab.LabServer) -> None:
    put(server, {"sopctl.deb": package, "before.deb": older_package})
    through_the_office(server, {**BY_DPKG, "packed": PACKED})


@pytest.mark.battery
@pytest.mark.lab
@pytest.mark.parametrize(
    "server", [("bookworm", (PIPX,)), ("trixie", (PIPX,))], indirect=True, ids=["bookworm", "trixie"]
)
def test_pipx_on_a_fresh_server(
    wheel: Path, older_wheel: Path, index: Path, server: lab.LabServer, tmp_path: Path
) -> None:
    """The lines that docs/howto/installing.md prints, with the pipx of each Debian and an index that is a folder."""
    (printed,) = re.findall(r"```sh\n([^`]*?pipx install.*?)```", INSTALLING.read_text(), re.DOTALL)
    lines = "set -e\n" + printed
    scripts = {
        "before/install.sh": re.sub(r"sopctl-[^\[]*\.whl", older_wheel.name, lines),
        "newer/install.sh": re.sub(r"sopctl-[^\[]*\.whl", wheel.name, lines),
    }
    scripts["newer/upgrade.sh"] = scripts["newer/install.sh"].replace("pipx install", "pipx install --force")
    for name, script in scripts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(script)
    constraints = CHECKOUT / "dist/constraints.txt"
    put(server, {name: tmp_path / name for name in scripts})
    put(server, {f"before/{older_wheel.name}": older_wheel, f"newer/{wheel.name}": wheel, "index.tar": index})
    put(server, {f"{folder}/constraints.txt": constraints for folder in ("before", "newer")})
    through_the_office(server, BY_PIPX)


@pytest.mark.parametrize(
    ("here", "found"),
    [
        ({"bin/python3.12": "3.12"}, "bin/python3.12"),
        ({"bin/python3.12": "", "usr/bin/python3.12": "3.12"}, "usr/bin/python3.12"),  # a shim that has none
        ({"bin/python3.12": "3.11"}, None),
        ({".pyenv/versions/3.12.1/bin/python": "3.12"}, ".pyenv/versions/3.12.1/bin/python"),
        ({".pyenv/versions/3.12.1/bin/python": ""}, None),  # made without venv
        ({}, None),
    ],
)
def test_a_python_is_found_where_it_answers(
    here: dict[str, str], found: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, says in here.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho {says}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{tmp_path}/usr/bin")
    monkeypatch.setenv("PYENV_ROOT", f"{tmp_path}/.pyenv")
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
    assert heard == [(["3.99", "3.98"], [], ["tests/model", "tests/store"], None)]


@pytest.mark.parametrize(
    ("test", "seconds", "says"),
    [
        ("assert True", 600, "passed"),
        ("assert False", 600, "failed"),
        ("raise KeyboardInterrupt", 600, pythons.BROKEN),
        ("__import__('time').sleep(600)", 2, "nothing failed in 2 seconds, and it was not finished"),
    ],
)
def test_a_run_may_take_only_so_long(test: str, seconds: float, says: str, tmp_path: Path) -> None:
    assert run_of(f"def test_it():\n    {test}\n", tmp_path, seconds) == says


def run_of(tests: str, tmp_path: Path, seconds: float | None = None) -> str:
    """How a run of these tests ends, in an environment that is this one."""
    program = tmp_path / "bin/python"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')  # a link would not find its packages
    program.chmod(0o755)
    (tmp_path / "test_it.py").write_text(tests)
    (tmp_path / "passed").touch()
    python = pythons.Python("3.11", str(program))
    return pythons.run(tmp_path, python, [str(tmp_path / "test_it.py"), "-n", "0"], tmp_path / "passed", seconds)


def test_a_run_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    tests = f"from pathlib import Path\ndef test_a():\n    Path({str(tmp_path / 'ran')!r}).touch(exist_ok=False)\n"
    failing_too = tests + "def test_b():\n    assert False\n"
    no_test = ""  # where nothing passed before, nothing has passed now
    assert [run_of(each, tmp_path) for each in (no_test, failing_too, tests)] == ["failed", "failed", "passed"]
    assert [each.rpartition("::")[2] for each in (tmp_path / "passed").read_text().split()] == ["test_a"]


def test_what_passed_counts_only_for_the_same_files_and_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout, folder = tmp_path / "checkout", tmp_path / "python-3.12"
    (folder / "lib/python3.12/site-packages/click-8.1.dist-info").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", checkout], check=True)
    monkeypatch.setattr(pythons, "CHECKOUT", checkout)
    (checkout / "one.py").write_text("1\n")
    first = pythons.noted(folder)
    first.write_text("test_a\n")
    assert pythons.noted(folder) == first
    assert first.read_text() == "test_a\n"
    (checkout / "one.py").write_text("2\n")
    second = pythons.noted(folder)
    assert (first.exists(), second.read_text()) == (False, "")
    (folder / "lib/python3.12/site-packages/click-8.1.dist-info").rename(
        folder / "lib/python3.12/site-packages/click-8.2.dist-info"
    )
    assert pythons.noted(folder) != second
    assert not _said("git", "-C", str(checkout), "diff", "--cached", "--name-only")  # nothing is put in its index


@pytest.mark.parametrize(
    ("version", "release"), [("3.11", "bookworm"), ("3.13", "trixie"), ("trixie", "trixie"), ("3.12", None)]
)
def test_what_is_not_found_comes_from_the_debian_that_has_it(
    version: str, release: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pythons, "find", lambda _: None)
    monkeypatch.setattr(debian, "given", lambda release: ("enter", release))
    found = pythons.had(version)
    if release is None:
        assert found == "no Debian has it"
    else:
        assert not isinstance(found, str)
        assert found.enter == ("enter", release)
        assert found.version == debian.RELEASES[release].python


def test_a_debian_that_cannot_be_given_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert debian.given("trixie") == "Debian's trixie has it, which only root can enter"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(image, "ensure", failing(OutsideFailure("tool-missing", "no mmdebstrap")))
    assert debian.given("trixie") == "Debian's trixie cannot be had: no mmdebstrap"
    monkeypatch.setattr(debian, "entering", failing(subprocess.CalledProcessError(1, [], b"", b"unshare: refused\n")))
    assert debian.given("trixie") == "Debian's trixie cannot be entered: unshare: refused"


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


@pytest.mark.lab
def test_nothing_of_a_debian_outlives_who_entered_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its Python sees the checkout. What it changes elsewhere, mounts and leaves running goes with it, also when who
    started it is killed."""
    monkeypatch.setattr(debian, "packages", lambda _: [])
    enter = debian.given("trixie")
    assert not isinstance(enter, str), enter
    said = _said(*enter, "python3", "-c", "import sys; print(*sys.version_info[:2], open('Makefile').readline())")
    assert said.startswith("3 13 # Two commands")
    mine = f"600.{os.getpid()}"

    def sleeps() -> bool:
        return any(_cmdline(path) == f"sleep\0{mine}\0".encode() for path in Path("/proc").glob("[0-9]*"))

    leaves = f"touch /etc/{mine}; setsid sleep {mine} & until pgrep -f ^sleep; do :; done; exit 3"
    assert subprocess.run([*enter, "sh", "-c", leaves], check=False, capture_output=True).returncode == 3
    assert not sleeps()
    starts = [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])"]
    with subprocess.Popen([*starts, *enter, "sleep", mine]) as caller:
        assert process.wait_until(sleeps, PATIENCE)
        caller.kill()
    assert process.wait_until(lambda: not sleeps(), PATIENCE)
    subprocess.run([*enter, "test", "!", "-e", f"/etc/{mine}"], check=True)
    assert str(debian.CHECKOUT / ".cache/trixie") not in Path("/proc/self/mountinfo").read_text()


def _cmdline(process: Path) -> bytes:
    with suppress(OSError):
        return (process / "cmdline").read_bytes()
    return b""
