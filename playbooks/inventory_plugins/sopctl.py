"""Ansible inventory plugin: the servers of the site, as sopctl's records have them."""

from __future__ import annotations

from pathlib import Path

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin

DOCUMENTATION = """
name: sopctl
short_description: The servers on deposit, from the dossiers of the site
description:
  - Lists the servers that the office configures or takes inventory of now, with how to reach them and what their
    letters ask for. The site is the nearest folder above the inventory file that has a sopctl.yml.
  - Every value is plain data and never a template, whatever a letter says.
options:
  plugin:
    description: Names this plugin.
    required: true
    choices: [sopctl]
"""

EXAMPLES = """
# inventory/deposits.sopctl.yml
plugin: sopctl
"""


class InventoryModule(BaseInventoryPlugin):
    """Fills Ansible's inventory from `sopctl.workflow.inventory_view`."""

    NAME = "sopctl"

    def verify_file(self, path: str) -> bool:
        """Is this file ours? `*.sopctl.yml`."""
        return super().verify_file(path) and path.endswith((".sopctl.yml", ".sopctl.yaml"))

    def parse(self, inventory, loader, path, cache=True):  # type: ignore[no-untyped-def]  # the base class has no types
        """Add the site's servers, their groups and variables. Raises AnsibleParserError."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        site = _site_of(Path(path))
        try:
            from sopctl.errors import SopctlError
            from sopctl.workflow.inventory_view import hosts
        except ImportError as error:
            raise AnsibleParserError(
                f"This Ansible cannot import sopctl ({error}). Run the ansible-playbook that is installed beside "
                "sopctl, for example .venv/bin/ansible-playbook; `sopctl doctor` names it."
            ) from error
        broken: list[SopctlError] = []
        try:
            found = hosts(site, broken)
        except SopctlError as error:
            raise AnsibleParserError(str(error)) from error
        for error in broken:
            self.display.warning(f"{error}: left out. `sopctl validate` says what helps.")
        for host in found:
            self.inventory.add_host(host.name)
            for group in host.groups:
                self.inventory.add_child(self.inventory.add_group(group), host.name)
            for name, value in host.variables.items():
                self.inventory.set_variable(host.name, name, value)


def _site_of(path: Path) -> Path:
    """The nearest folder above `path` that is a site."""
    for folder in path.resolve().parents:
        if (folder / "sopctl.yml").is_file():
            return folder
    raise AnsibleParserError(f"No sopctl.yml in any folder above {path}: make a site with `sopctl init DIR`.")
