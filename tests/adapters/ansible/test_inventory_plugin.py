"""The inventory plugin in a real Ansible, over a stand-in for the records."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]

VIEW = """
from collections import namedtuple
Host = namedtuple("Host", "name groups variables")
def hosts(site, broken):
    assert (site / "sopctl.yml").is_file(), site
    return [Host("PS-2026-0001", ("deposits", "rack_a1"), {variables!r})]
"""

CANARY = "{{ lookup('ansible.builtin.pipe', 'touch CANARY') }}"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with the real plugin and configuration, whose records are the stand-in's."""
    root = tmp_path / "site"
    root.mkdir()
    for name in ("inventory", "playbooks/inventory_plugins"):
        shutil.copytree(CHECKOUT / name, root / name)
    shutil.copy(CHECKOUT / "ansible.cfg", root)
    (root / "sopctl.yml").touch()
    return root


def stand_in(site: Path, variables: dict[str, object]) -> None:
    package = site / "python/sopctl"
    (package / "workflow").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "workflow/__init__.py").touch()
    (package / "locale").mkdir()
    for each in ("errors.py", "locale/__init__.py"):
        shutil.copy(CHECKOUT / "sopctl" / each, package / each)
    (package / "workflow/inventory_view.py").write_text(VIEW.format(variables=variables))


def ansible(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(site),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(site / "python"),
    }
    return subprocess.run(words, cwd=site, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_hosts_groups_and_variables(site: Path) -> None:
    stand_in(site, {"ansible_host": "198.51.100.7", "ansible_port": 2222, "sopctl_ports": [80, 443]})
    listed = json.loads(ansible(site, "ansible-inventory", "--list").stdout)
    variables = listed["_meta"]["hostvars"]["PS-2026-0001"]
    assert variables["ansible_host"] == {"__ansible_unsafe": "198.51.100.7"}  # how Ansible marks what is no template
    assert (variables["ansible_port"], variables["sopctl_ports"]) == (2222, [80, 443])
    assert listed["deposits"]["hosts"] == listed["rack_a1"]["hosts"] == ["PS-2026-0001"]


def test_a_template_in_a_record_stays_text(site: Path) -> None:
    accounts = [{"name": CANARY, "keys": [CANARY]}]
    stand_in(site, {"ansible_connection": "local", "sopctl_hostname": CANARY, "sopctl_accounts": accounts})
    message = '{"msg": "{{ sopctl_hostname }} {{ sopctl_accounts }}"}'
    ran = ansible(site, "ansible", "PS-2026-0001", "-m", "ansible.builtin.debug", "-a", message)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("touch CANARY") == 3
    assert not list(site.rglob("CANARY"))


def test_without_sopctl_the_remedy_is_named(site: Path) -> None:
    (site / "python/sopctl").mkdir(parents=True)
    (site / "python/sopctl/__init__.py").write_text("raise ImportError('not installed')")
    ran = ansible(site, "ansible-inventory", "--list", "-i", "inventory")
    assert "cannot import sopctl" in ran.stderr
    assert ".venv/bin/ansible-playbook" in ran.stderr


def test_an_inventory_outside_a_site_is_refused(site: Path) -> None:
    stand_in(site, {})
    (site / "sopctl.yml").unlink()
    ran = ansible(site, "ansible-inventory", "--list")
    assert "sopctl init" in ran.stderr


def test_an_error_of_the_records_is_shown_with_its_place(site: Path) -> None:
    stand_in(site, {})
    (site / "python/sopctl/workflow/inventory_view.py").write_text(
        "from sopctl.errors import InvalidRecord\n"
        "def hosts(site, broken):\n"
        "    raise InvalidRecord('no-unit', 'no such unit', where='deposit.yml:3:5', remedy='Mend it.')\n"
    )
    ran = ansible(site, "ansible-inventory", "--list")
    assert "deposit.yml:3:5: no such unit" in ran.stderr
    assert "Mend it." in ran.stderr


def test_a_broken_dossier_hides_no_other_server(site: Path) -> None:
    stand_in(site, {})
    view = site / "python/sopctl/workflow/inventory_view.py"
    broken = "    broken.append(InvalidRecord('no-unit', 'no such unit', where='deposit.yml:3:5'))\n"
    head, _, body = view.read_text().partition("):\n")
    view.write_text(f"from sopctl.errors import InvalidRecord\n{head}):\n{broken}{body}")
    ran = ansible(site, "ansible-inventory", "--list")
    assert "PS-2026-0001" in json.loads(ran.stdout)["_meta"]["hostvars"]
    assert "deposit.yml:3:5: no such unit: left out" in " ".join(ran.stderr.split())
