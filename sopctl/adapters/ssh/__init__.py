"""SSH, with the other side taken for hostile.

`check` climbs the ladder of one host, `examine_accounts` looks at others' accounts there, the loaders read our files.
"""

from sopctl.adapters.ssh.examine import examine_accounts
from sopctl.adapters.ssh.keys import Key, load_key
from sopctl.adapters.ssh.probe import check
from sopctl.adapters.ssh.tls import load_ca

__all__ = ["Key", "check", "examine_accounts", "load_ca", "load_key"]
