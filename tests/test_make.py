"""`make setup` on machines that lack something: each its own true sentence, and nothing half left behind."""

import os
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]


def make(*words: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path, "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        ["/usr/bin/make", "-s", *words],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


PYTHONS = {
    "too old": ('case "$2" in *version_info*) exit 1;; esac', "Python 3.11 or newer is needed"),
    "without venv": ('case "$2" in *ensurepip*) exit 1;; esac', "apt-get install python3-venv"),
    "that cannot make one": ('case "$1" in -m) exit 1;; esac', "no virtual environment could be made in"),
    "where nothing may run": (
        'case "$1" in -m) mkdir -p "$3/bin" && touch "$3/bin/pip" "$3/bin/python";; esac',
        "programs may not run below",
    ),
}


@pytest.mark.parametrize("name", PYTHONS)
def test_a_python_that_will_not_do(name: str, tmp_path: Path) -> None:
    text, says = PYTHONS[name]
    ran = make(f"{tmp_path}/venv/bin/pip", f"VENV={tmp_path}/venv", f"PYTHON={script(tmp_path / 'python', text)}")
    assert ran.returncode != 0
    assert says in ran.stderr
    assert not (tmp_path / "venv").exists()


def test_another_python_for_an_environment_that_is_there_is_not_ignored(tmp_path: Path) -> None:
    script(tmp_path / "venv/bin/python", "echo 3 11")
    script(tmp_path / "venv/bin/pip", "exit 0")
    asked = script(tmp_path / "python", "echo 3 13")
    ran = make(f"{tmp_path}/venv/.runtime", f"VENV={tmp_path}/venv", f"PYTHON={asked}")
    assert ran.returncode != 0
    assert "has another Python than" in ran.stderr


def test_offline_it_is_said(tmp_path: Path) -> None:
    script(tmp_path / "venv/bin/python", "echo 3 11")
    script(tmp_path / "venv/bin/pip", "echo no route to the index >&2; exit 1")
    ran = make(f"{tmp_path}/venv/.runtime", f"VENV={tmp_path}/venv")
    assert ran.returncode != 0
    assert "the packages could not be installed" in ran.stderr


@pytest.mark.parametrize("package", ["promtool", "prometheus"])
def test_a_program_comes_from_the_package_that_the_release_has_it_in(package: str, tmp_path: Path) -> None:
    """Debian 13 has promtool as a package of its own; it was a part of prometheus."""
    script(tmp_path / "deb/usr/bin/promtool", f"echo of {package}")
    (tmp_path / "deb/DEBIAN").mkdir()
    about = f"Package: {package}\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: for a test\n"
    (tmp_path / "deb/DEBIAN/control").write_text(about)
    made = tmp_path / f"{package}_1_all.deb"
    subprocess.run(["dpkg-deb", "--build", tmp_path / "deb", made], check=True, capture_output=True)
    script(tmp_path / "bin/apt-get", f'case "$*" in *download*{package}) cp {made} .;; *download*) exit 100;; esac')
    script(tmp_path / "venv/bin/pip", "exit 0")
    ran = make(f"{tmp_path}/venv/bin/promtool", f"VENV={tmp_path}/venv", path=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert ran.stderr == ""
    said = subprocess.run([tmp_path / "venv/bin/promtool"], capture_output=True, text=True, check=True)
    assert said.stdout == f"of {package}\n"


def test_without_apt_setup_goes_on(tmp_path: Path) -> None:
    for tool in ("sh", "id", "awk"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    ran = make("system", path=str(tmp_path))
    assert ran.returncode == 0
    assert "this machine has no apt" in ran.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_after_a_demo_by_sudo_the_checkout_is_still_its_owners(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_bytes((CHECKOUT / "Makefile").read_bytes())
    script(tmp_path / "venv/bin/sopctl", "mkdir -p demo-site/deposits .cache; exit 6")
    ran = subprocess.run(
        ["/usr/bin/make", "-s", "-o", "setup", "demo", f"VENV={tmp_path}/venv"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "SUDO_UID": "12345", "SUDO_GID": "12346"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode != 0, "how the demo ended is how make ends"
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in (tmp_path / "demo-site").rglob("*")}
    assert owners == {(12345, 12346)}
