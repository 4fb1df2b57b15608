"""Makes the Debian package, `dist/sopctl_VERSION_ARCH.deb`: `make deb` runs it, after the wheel.

One virtual environment under /opt/sopctl, whose Python is the machine's, with the pinned packages for each version of
it that the releases have. Nothing is fetched or built where it is installed.
"""

import configparser
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

CHECKOUT = Path(__file__).parents[1]
HOME = "opt/sopctl"
PYTHONS = ("3.11", "3.13")
"""Of Debian 12 and 13."""

PROGRAMS = re.compile(r"sopctl|ansible(-(config|doc|inventory|playbook|vault))?")
"""What of the console scripts gets a place in its bin/."""

CONTROL = """\
Package: sopctl
Version: {version}
Architecture: {architecture}
Maintainer: the sopctl developers
Depends: python3 (>= 3.11), python3 (<< 3.14), openssh-client, passwd
Recommends: git
Section: admin
Priority: optional
Description: takes servers on deposit in a public data centre
 By the written procedure and with its paper trail: requests, racks, hand-over
 forms, configuration with Ansible, access checks, monthly inventories.
"""

POSTINST = """\
#!/bin/sh
set -e
if [ "$1" = configure ] && ! getent passwd sopctl >/dev/null; then
    useradd --system --user-group --home-dir /var/lib/sopctl --create-home --shell /usr/sbin/nologin sopctl
    chmod 750 /var/lib/sopctl
fi
version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
/opt/sopctl/bin/python -m compileall -q "/opt/sopctl/lib/python$version" >/dev/null 2>&1 || true
"""

PRERM = """\
#!/bin/sh
set -e
find /opt/sopctl -depth -type d -name __pycache__ -exec rm -rf {} +
"""

POSTRM = """\
#!/bin/sh
set -e
if [ "$1" = purge ]; then
    rmdir /var/lib/sopctl 2>/dev/null || true  # never a site
    if [ ! -e /var/lib/sopctl ] && getent passwd sopctl >/dev/null; then userdel sopctl; fi
fi
"""


def main() -> None:
    """Make it, from the wheel that is in dist/."""
    (wheel,) = (CHECKOUT / "dist").glob("sopctl-*.whl")
    version, root = wheel.name.split("-")[1], CHECKOUT / "build/deb"
    shutil.rmtree(root, ignore_errors=True)
    libraries = [_libraries(root, python, wheel) for python in PYTHONS]
    _environment(root, libraries[0])
    _share_twins(root / HOME)
    _beside(root)
    architecture = _said("dpkg", "--print-architecture")
    _write(root / "DEBIAN/control", CONTROL.format(version=version, architecture=architecture))
    _write(root / "DEBIAN/postinst", POSTINST, mode=0o755)
    _write(root / "DEBIAN/prerm", PRERM, mode=0o755)
    _write(root / "DEBIAN/postrm", POSTRM, mode=0o755)
    made = CHECKOUT / "dist" / f"sopctl_{version}_{architecture}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", root, made], check=True, stdout=sys.stderr)
    print(made)


def _libraries(root: Path, python: str, wheel: Path) -> Path:
    """Install the pinned packages for one version of Python, and sopctl."""
    folder = root / HOME / f"lib/python{python}/site-packages"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--only-binary", ":all:"]
    there = ["--python-version", python, "--target", str(folder)]
    subprocess.run([*pip, *there, "--require-hashes", "-r", str(pins(python))], check=True, stdout=sys.stderr)
    subprocess.run([*pip, *there, str(wheel)], check=True, stdout=sys.stderr)
    shutil.rmtree(folder / "bin", ignore_errors=True)
    shutil.rmtree(folder / "share", ignore_errors=True)
    return folder


def pins(python: str, *more: str) -> Path:
    """A file with the pins that hold for this Python: those of requirements.txt, and of `more` of its kind."""
    path = CHECKOUT / "build" / f"{'-'.join(Path(each).stem for each in (*more, 'requirements'))}-{python}.txt"
    _write(path, "".join(pin for each in ("requirements.txt", *more) for pin in _pins_for(python, CHECKOUT / each)))
    return path


def _pins_for(python: str, requirements: Path) -> Iterator[str]:
    """The pins that hold for this Python on Linux, their hashes with them."""
    text = requirements.read_text()
    machine = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    for pin in re.split(r"(?m)^(?=[a-z0-9])", text)[1:]:
        said = Requirement(pin.partition("\\")[0].strip())
        if said.marker is None or said.marker.evaluate(machine):
            yield pin


def _environment(root: Path, libraries: Path) -> None:
    """What makes it a virtual environment of the machine's Python (PEP 405), and its programs."""
    home = root / HOME
    _write(home / "pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\n")
    (home / "bin").mkdir(parents=True)
    (home / "bin/python").symlink_to("/usr/bin/python3")
    (home / "bin/python3").symlink_to("python")
    for said in libraries.glob("*.dist-info/entry_points.txt"):
        found = configparser.ConfigParser(delimiters=["="])
        found.read_string(said.read_text())
        for name, place in found["console_scripts"].items() if "console_scripts" in found else ():
            if PROGRAMS.fullmatch(name):
                module, _, function = place.partition(":")
                lines = (
                    f"#!/{HOME}/bin/python\nimport sys\n\nfrom {module} import {function}\n\nsys.exit({function}())\n"
                )
                _write(home / "bin" / name, lines, mode=0o755)


def _share_twins(folder: Path) -> None:
    """Keep files that are the same for several Pythons once (hard links)."""
    seen: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        first = seen.setdefault(f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_mode}", path)
        if first is not path:
            path.unlink()
            os.link(first, path)


def _beside(root: Path) -> None:
    """Man pages, completion, the licence, and the command on everybody's path."""
    share = root / "usr/share"
    subprocess.run([sys.executable, CHECKOUT / "distribution/manual.py", share], check=True)
    for page in (share / "man/man1").glob("*.1"):
        page.with_suffix(".1.gz").write_bytes(gzip.compress(page.read_bytes(), mtime=0))
        page.unlink()
    _write(share / "doc/sopctl/copyright", (CHECKOUT / "LICENSE").read_text())
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/sopctl").symlink_to(f"/{HOME}/bin/sopctl")


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    os.umask(0o022)
    main()
