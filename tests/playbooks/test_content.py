"""What holds for all playbooks and roles that a site begins with."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
ROLES = sorted(path for path in (PLAYBOOKS / "roles").iterdir() if path.is_dir())
TASK_FILES = sorted(
    [*PLAYBOOKS.glob("*.yml"), *PLAYBOOKS.glob("roles/*/tasks/*.yml"), *PLAYBOOKS.glob("roles/*/handlers/*.yml")]
)
WORDS = {"name", "when", "loop", "register", "notify", "tags", "block", "rescue", "vars", "become", "timeout"} | {
    "loop_control", "changed_when", "failed_when", "environment", "no_log", "hosts", "gather_facts", "roles",
    "tasks", "pre_tasks", "post_tasks", "check_mode", "ignore_unreachable", "args",
}  # fmt: skip


def tasks_of(node: Any) -> list[dict[str, Any]]:
    """Every task in a file, those in blocks and plays too."""
    found = []
    for entry in node or []:
        inner = [key for key in ("tasks", "pre_tasks", "post_tasks", "block", "rescue", "always") if key in entry]
        for key in inner:
            found += tasks_of(entry[key])
        if not inner:
            found.append(entry)
    return found


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_says_what_it_is_and_takes(role: Path) -> None:
    assert len((role / "README.md").read_text().strip().splitlines()) == 1
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    assert "main" in specs or not (role / "tasks/main.yml").exists()
    assert ("release" in specs) == (role / "tasks/release.yml").exists()
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    assert set(defaults) <= set(next(iter(specs.values()))["options"])
    assert all(name.startswith(f"{role.name}_") for name in defaults)


@pytest.mark.parametrize("path", TASK_FILES, ids=lambda path: str(path.relative_to(PLAYBOOKS)))
def test_only_ansible_core_is_needed(path: Path) -> None:
    for task in tasks_of(yaml.safe_load(path.read_text())):
        actions = set(task) - WORDS
        assert len(actions) == 1, task
        action = actions.pop()
        assert action.startswith("ansible.builtin.") or (PLAYBOOKS / f"library/{action}.py").is_file(), task


@pytest.mark.parametrize("path", sorted(PLAYBOOKS.rglob("*.*")), ids=lambda path: path.name)
def test_facts_are_taken_from_ansible_facts(path: Path) -> None:
    if path.suffix in {".yml", ".j2"}:
        injected = re.findall(
            r"\bansible_(?!facts\b|port\b|user\b|ssh_private_key_file\b|check_mode\b|failed_result\b|core\b)\w+",
            path.read_text(),
        )
        assert injected == []


@pytest.mark.parametrize("name", ["configure.yml", "facts.yml", "release.yml"])
def test_ansible_reads_the_playbook(name: str, tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("deposits: {hosts: {a: {}}}\n")
    program = Path(sys.executable).parent / "ansible-playbook"
    words = [str(program), "--syntax-check", "-i", str(inventory), str(PLAYBOOKS / name)]
    ran = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
