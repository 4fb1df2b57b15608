"""A new site is whole, or there is none."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.errors import OutsideFailure
from sopctl.store.site import Site
from sopctl.workflow.setup import demo, init, updating
from tests.conftest import Ran


@pytest.mark.parametrize("there", [True, False])
def test_what_fails_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    def full(root: Path) -> None:
        (root / "playbooks").mkdir()
        raise OutsideFailure("disk-full", "cannot write: No space left on device")

    monkeypatch.setattr(updating, "copy", full)
    root = tmp_path / "site"
    if there:
        root.mkdir()
    with pytest.raises(OutsideFailure, match="No space left"):
        init.init(root)
    assert root.exists() == there
    assert list(tmp_path.rglob("*")) == ([root] if there else [])


def test_an_account_without_a_home_needs_none(site: Site, sopctl: Callable[..., Ran]) -> None:
    home = "/proc/no-home"  # nobody can make it
    assert "✓ ansible-playbook: ansible-playbook [core" in sopctl("doctor", HOME=home).out
    ran = subprocess.run(
        [Path(sys.executable).parent / "ansible-inventory", "--list"],
        cwd=site.root,
        env={**os.environ, "HOME": home},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_where_the_lab_cannot_run_the_demo_says_so_and_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for an ordinary user, beside the site that root's demo left."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    (tmp_path / demo.MARKER).touch()
    with pytest.raises(OutsideFailure) as caught:
        demo.run(tmp_path, lab_name="nobodys", keep=False, page=None, say=print, heading=print)
    assert (caught.value.id, "the lab needs root: run it with sudo" in caught.value.remedy) == (
        "lab-not-possible",
        True,
    )
    assert (tmp_path / demo.MARKER).exists()
