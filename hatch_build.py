"""What a wheel has beside the package: the playbooks and inventory that a site begins with, as far as git has them.

A file that somebody only put beside them (a playbook with a password, say) is in no wheel.
"""

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKELETON = ("playbooks", "inventory", "ansible.cfg")


class Skeleton(BuildHookInterface):  # type: ignore[type-arg]
    """Adds these below sopctl/skeleton/."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a wheel is packed."""
        if version == "editable":
            return
        root = Path(self.root)
        listed = subprocess.run(["git", "-C", self.root, "ls-files", "-z", *SKELETON], capture_output=True, check=False)
        names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
        if not (root / ".git").exists():  # an unpacked source archive has only what was packed
            names = [str(path.relative_to(root)) for name in SKELETON for path in sorted((root / name).rglob("*"))]
            names.append("ansible.cfg")
        found = [name for name in names if name and "__pycache__" not in name and (root / name).is_file()]
        if not found:
            raise RuntimeError("git does not say which playbooks belong into the wheel")
        share = root / "build/share"  # man pages and completion, where `make wheel` made them before
        made = [path for path in sorted(share.rglob("*")) if path.is_file()]
        build_data["shared_data"].update({str(path): f"share/{path.relative_to(share)}" for path in made})
        build_data["force_include"].update({str(root / name): f"sopctl/skeleton/{name}" for name in found})
