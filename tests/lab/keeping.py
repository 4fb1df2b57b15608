"""Lab servers whose Python keeps what it compiled of Ansible's modules: a task costs them half (kept_compiled.py)."""

from pathlib import Path

from sopctl.adapters.lab import seed
from sopctl.adapters.lab.state import Folder, Place, Record

PYTHON = Path("usr/lib/python3/dist-packages")
KEPT_COMPILED = Path(__file__).with_name("kept_compiled.py")

COMMANDS = Path(__file__).with_name("commands")
"""A folder for PYTHONPATH, with which the servers that commands make do so, too."""

make = seed.make


def with_kept(folder: Folder, record: Record, place: Place) -> None:
    """The seed of a server, with that."""
    make(folder, record, place)
    for part in (*reversed(PYTHON.parents), PYTHON):
        (place.seed / part).mkdir(exist_ok=True)
        (place.seed / part).chmod(0o755)
    for name, text in (("kept_compiled.py", KEPT_COMPILED.read_text()), ("kept.pth", "import kept_compiled\n")):
        (place.seed / PYTHON / name).write_text(text)
        (place.seed / PYTHON / name).chmod(0o644)
