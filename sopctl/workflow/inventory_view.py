"""The address at which the sites' inventory plugin finds `hosts`.

Every site keeps its own copy of playbooks/inventory_plugins/sopctl.py, so this name must not move.
"""

from sopctl.workflow.servers.ansible_view import hosts

__all__ = ["hosts"]
