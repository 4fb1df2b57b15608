"""What holds for all playbooks and roles that a site begins with."""

import configparser
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sopctl.adapters.ansible.events import CLOSE_TASK
from sopctl.adapters.ansible.runner import SSH_ARGS

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
ROLES = sorted(path for path in (PLAYBOOKS / "roles").iterdir() if path.is_dir())
TASK_FILES = sorted(
    [*PLAYBOOKS.glob("*.yml"), *PLAYBOOKS.glob("roles/*/tasks/*.yml"), *PLAYBOOKS.glob("roles/*/handlers/*.yml")]
)
WORDS = {"name", "when", "loop", "register", "notify", "tags", "block", "rescue", "vars", "become", "timeout"} | {
    "loop_control", "changed_when", "failed_when", "environment", "no_log", "hosts", "gather_facts", "roles",
    "strategy", "tasks", "pre_tasks", "post_tasks", "check_mode", "ignore_unreachable", "args", "delegate_to", "listen",
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
    readme = (role / "README.md").read_text()
    assert re.findall("^## (.*)$", readme, re.MULTILINE) == [
        "Requirements",
        "Variables",
        "Example",
        "What a release gives back",
    ]
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"].values()
    takes = {name for spec in specs for name in spec.get("options") or {}}
    takes |= set(yaml.safe_load((role / "defaults/main.yml").read_text()) or {})
    assert sorted(name for name in takes if f"| `{name}` |" not in readme) == [], "run: make docs"
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    assert "main" in specs or not (role / "tasks/main.yml").exists()
    assert ("release" in specs) == (role / "tasks/release.yml").exists()
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    assert set(defaults) <= set(next(iter(specs.values()))["options"])
    assert all(name.startswith(f"{role.name}_") for name in defaults)


def test_the_readmes_have_the_defaults() -> None:
    program = PLAYBOOKS.parent / "docs/generate/roles.py"
    assert subprocess.run([sys.executable, str(program), "--check"], check=False).returncode == 0, "run: make docs"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_an_example_shows_the_role_with_another_value(role: Path) -> None:
    """One that whoever copies it can do with: no list of its is emptied."""
    written = re.findall("^```yaml\n(.*?)^```", (role / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    ((play,),) = [yaml.safe_load(each) for each in written]
    applied = [task["ansible.builtin.import_role"] for task in play["tasks"]]
    assert role.name in {each["name"] for each in applied}
    for each in applied:
        assert (PLAYBOOKS / "roles" / each["name"] / "tasks" / f"{each.get('tasks_from', 'main')}.yml").exists()
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    for name, value in play.get("vars", {}).items():
        assert value not in (defaults[name], []), name


@pytest.mark.parametrize("path", TASK_FILES, ids=lambda path: str(path.relative_to(PLAYBOOKS)))
def test_only_ansible_core_is_needed(path: Path) -> None:
    for task in tasks_of(yaml.safe_load(path.read_text())):
        actions = set(task) - WORDS
        assert len(actions) == 1, task
        action = actions.pop()
        assert action.startswith("ansible.builtin.") or any(PLAYBOOKS.glob(f"*/{action}.py")), task


def groups_of(node: Any) -> list[dict[str, Any]]:
    """Every play and block in a file."""
    found = []
    for entry in node or []:
        inner = [key for key in ("tasks", "pre_tasks", "post_tasks", "block", "rescue", "always") if key in entry]
        found += [entry] * bool(inner)
        for key in inner:
            found += groups_of(entry[key])
    return found


@pytest.mark.parametrize("path", TASK_FILES, ids=lambda path: str(path.relative_to(PLAYBOOKS)))
def test_a_server_that_is_lost_is_passed_over_by_no_group_of_tasks(path: Path) -> None:
    """What follows would be half of the work, called done, or a rescue that words the loss as something else. Only a
    single task that may itself cut us off goes on, because a fresh login comes after it."""
    assert [
        each.get("name") for each in groups_of(yaml.safe_load(path.read_text())) if "ignore_unreachable" in each
    ] == []


@pytest.mark.parametrize("path", TASK_FILES, ids=lambda path: str(path.relative_to(PLAYBOOKS)))
def test_facts_are_gathered_without_the_environment_and_within_a_time(path: Path) -> None:
    """The environment may hold secrets, and a network mount whose server is gone would hold `setup` up for ever."""
    for task in tasks_of(yaml.safe_load(path.read_text())):
        if "ansible.builtin.setup" in task:
            assert "!env" in task["ansible.builtin.setup"]["gather_subset"]
            assert task["timeout"] <= 90


@pytest.mark.parametrize("path", TASK_FILES, ids=lambda path: str(path.relative_to(PLAYBOOKS)))
def test_what_a_shell_alone_does_is_bounded(path: Path) -> None:
    """In time: a server may never answer. And where the login shell is the owner's, on one line, as tcsh has it."""
    owners = path.name in {"configure.yml", "configure_raw.yml"} or path.parents[1].name in {
        "armed_window",
        "raw_accounts",
    }
    for task in tasks_of(yaml.safe_load(path.read_text())):
        if "ansible.builtin.raw" in task:
            assert "timeout" in task, task
            assert not owners or len(task["ansible.builtin.raw"].strip().splitlines()) == 1, task


def test_the_site_s_configuration_of_ansible() -> None:
    """Also what a person's own `ansible-playbook` in a site goes by."""
    config = configparser.ConfigParser()
    config.read(PLAYBOOKS.parent / "ansible.cfg")
    assert config["defaults"]["host_key_checking"] == "True"
    assert config["defaults"]["inject_facts_as_vars"] == "False"
    assert config["connection"]["pipelining"] == "True"
    assert config["inventory"]["enable_plugins"].split(", ")[0] == "sopctl"
    assert "script" not in config["inventory"]["enable_plugins"], "it makes templates of all that it prints"
    persist = re.search(r"ControlPersist=([0-9]+)", SSH_ARGS)
    assert persist
    assert int(persist[1]) > 60


@pytest.mark.parametrize("path", sorted(PLAYBOOKS.rglob("*.*")), ids=lambda path: path.name)
def test_facts_are_taken_from_ansible_facts(path: Path) -> None:
    if path.suffix in {".yml", ".j2"}:
        injected = re.findall(
            r"\bansible_(?!facts\b|host\b|port\b|user\b|ssh_private_key_file\b|check_mode\b|failed_result\b|core\b)\w+",
            path.read_text(),
        )
        assert injected == []


@pytest.mark.parametrize("name", sorted(path.name for path in PLAYBOOKS.glob("*.yml")))
def test_ansible_reads_the_playbook(name: str, tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("deposits: {hosts: {a: {}}}\n")
    program = Path(sys.executable).parent / "ansible-playbook"
    words = [str(program), "--syntax-check", "-i", str(inventory), str(PLAYBOOKS / name)]
    ran = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr


WRITERS = {"copy": "dest", "template": "dest", "file": "path"}
SHARED = {"lineinfile", "blockinfile", "replace", "user", "group", "hostname", "cron", "mount", "get_url", "unarchive"}
"""Modules that change what is the owner's too, and note nothing."""


def test_all_that_roles_write_is_given_back() -> None:
    written: dict[str, set[str]] = {}
    for path in (each for each in TASK_FILES if each.parent.name == "tasks"):
        for task in tasks_of(yaml.safe_load(path.read_text())):
            modules = {key.removeprefix("ansible.builtin.") for key in task}
            assert not modules & SHARED, path
            for module in modules & set(WRITERS):
                given = task[f"ansible.builtin.{module}"]
                if given.get("state") != "absent":
                    written.setdefault(path.parents[1].name, set()).add(given[WRITERS[module]])
    table = yaml.safe_load((PLAYBOOKS.parent / "tests/cases/written.yml").read_text())
    assert {role: set(places) for role, places in table.items()} == written
    for role, places in table.items():
        for by in places.values():
            assert (PLAYBOOKS / "roles" / role / by).is_file(), (role, by)


def test_the_window_keeps_what_is_changed_in_it() -> None:
    """Every place of a file that a role of the window writes lies in one that the window keeps."""
    kept = yaml.safe_load((PLAYBOOKS / "roles/armed_window/defaults/main.yml").read_text())["armed_window_paths"]
    play = (PLAYBOOKS / "configure.yml").read_text()
    window = play[play.index("- name: Arm the window") : play.index("- name: Let the window end soon")]
    inside = re.findall(r"name: (\w+)\n", window)
    roles = [role for role in inside if (PLAYBOOKS / "roles" / role).is_dir() and role != "armed_window"]
    assert len(roles) >= 6
    for role in roles:
        places = set()
        for path in (PLAYBOOKS / "roles" / role).rglob("*.*"):
            if path.suffix in {".yml", ".sh"} and path.parent.name != "meta":
                text = path.read_text().replace("\\.", ".")
                places |= set(re.findall(r"(?<![\w%])/(?:etc|var/lib)/[a-zA-Z0-9_./-]*[a-zA-Z0-9]", text))
        for place in places - READ_ONLY:
            assert any(f"{place}/".startswith(f"{one}/") or one.startswith(f"{place}/") for one in kept), (role, place)


def test_the_look_and_the_window_know_the_same_places_of_ours() -> None:
    ours = yaml.safe_load((PLAYBOOKS / "roles/armed_window/defaults/main.yml").read_text())["armed_window_ours"]
    look = (PLAYBOOKS.parent / "sopctl/adapters/ssh/survey.sh").read_text()
    assert re.search("^OURS='([^']*)'", look, re.MULTILINE)[1].split() == ours  # type: ignore[index]


READ_ONLY = {"/etc/debian_version", "/etc/nsswitch.conf", "/var/lib/sopctl/window"}
"""What roles only read, and the window itself."""


def test_the_task_that_closes_the_window_has_the_name_that_results_are_read_by() -> None:
    tasks = tasks_of(yaml.safe_load((PLAYBOOKS / "roles/armed_window/tasks/prove.yml").read_text()))
    (closing,) = [task for task in tasks if task["name"] == CLOSE_TASK]
    assert closing["ansible.builtin.command"]["argv"][-1] == "disarm"
    assert tasks[-1] == closing
