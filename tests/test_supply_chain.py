"""What setup installs: releases whose hashes are in the repository, from whatever index, and nothing else."""

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
REQUIREMENTS = sorted(CHECKOUT.glob("requirements*.txt"))
PIN = re.compile(
    r"([a-z0-9][a-z0-9._-]*)(?:\[[a-z0-9,-]+\])?==([0-9][\w.!+]*)(?: ; [^\\]+)?"
    r"((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n"
)


def pins(path: Path) -> Iterator[tuple[str, str, int]]:
    """Name, version and number of hashes of every pin; what stands between them is an error."""
    text, at = path.read_text(), 0
    while at < len(text):
        found = PIN.match(text, at)
        assert found, f"{path.name}: no pin with its hashes: {text[at : at + 80]!r}"
        yield found[1], found[2], found[3].count("--hash=")
        at = found.end()


def recipe(target: str) -> str:
    """What make would run for a target, all that it depends on recreated."""
    made = subprocess.run(["make", "-nB", target], cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=True)
    return made.stdout.replace("\\\n", " ")


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_each_pin_has_its_hashes_and_no_address(path: Path) -> None:
    found = list(pins(path))
    assert found
    assert all(hashes for _, _, hashes in found)
    assert len({name for name, _, _ in found}) == len({(name, version) for name, version, _ in found})
    assert not re.search(r"https?:|file:|--(extra-)?index|--find-links|--trusted", path.read_text())


def test_what_the_project_names_is_pinned() -> None:
    def normal(name: str) -> str:
        return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", name, maxsplit=1)[0]).lower()

    about = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    project, groups = about["project"], about["dependency-groups"]
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    run = {name for name, _, _ in pins(CHECKOUT / "requirements.txt")}
    assert {normal(each) for each in (*project["dependencies"], *extras, *groups["build"])} <= run
    more = {name for name, _, _ in pins(CHECKOUT / "requirements-dev.txt")}
    assert {normal(each) for each in groups["dev"]} <= run | more
    assert run & more == set(), "a package is pinned once"


@pytest.mark.parametrize("target", ["setup", "setup-dev", "wheel", "test-paramiko4"])
def test_setup_takes_nothing_without_a_hash(target: str) -> None:
    """Every pip that may fetch asks for hashes; the one for the checkout itself fetches nothing."""
    commands = [
        line for line in re.split(r"\n|&&|\|\|", recipe(target)) if re.search(r"\bpip3? +(install|wheel)", line)
    ]
    assert commands
    for command in commands:
        own = "--no-deps" in command and "--no-build-isolation" in command and command.rstrip().endswith(" .")
        pinned = "--require-hashes" in command and "--only-binary :all:" in command and "-r requirements" in command
        assert own or pinned, command


def test_the_wheel_comes_with_its_pins() -> None:
    assert "requirements.txt dist/constraints.txt" in recipe("wheel")


def test_pip_refuses_what_was_put_in_a_pins_place(tmp_path: Path) -> None:
    """An index is one folder here, with another wheel under the name and version of a pin."""

    name, version, _ = next(pin for pin in pins(CHECKOUT / "requirements.txt") if pin[0] == "segno")
    index = tmp_path / "index"
    index.mkdir()
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(index / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    command = ["install", "--isolated", "--no-index", "--no-deps", "--require-hashes", "--find-links", str(index)]
    command += ["--target", str(tmp_path / "there"), "--disable-pip-version-check"]
    text = (CHECKOUT / "requirements.txt").read_text()
    pin = next(found[0] for found in PIN.finditer(text) if found[1] == name)
    (tmp_path / "pin.txt").write_text(pin)
    ran = subprocess.run(
        [sys.executable, "-m", "pip", *command, "-r", str(tmp_path / "pin.txt")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode
    assert "DO NOT MATCH THE HASHES" in ran.stderr
    assert not (tmp_path / "there").exists()


def test_the_wheel_has_what_git_has_and_nothing_that_lies_beside_it(tmp_path: Path) -> None:
    about = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "ansible.cfg", "sopctl/__init__.py")
    for name in (*about, "playbooks/facts.yml", "inventory/deposits.sopctl.yml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((CHECKOUT / name).read_bytes())
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
    (tmp_path / "playbooks/mine.yml").write_text("password: secret\n")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True)
    with zipfile.ZipFile(next((tmp_path / "dist").glob("*.whl"))) as wheel:
        packed = {name.removeprefix("sopctl/skeleton/") for name in wheel.namelist() if "skeleton" in name}
    assert packed == {"playbooks/facts.yml", "inventory/deposits.sopctl.yml", "ansible.cfg"}
