"""SSH to servers that are treated as hostile.

`check` climbs the ladder of one host, `examine_accounts` examines other accounts there, `run_as_root` makes the first
contact with one that does not have our key yet, and `load_key` reads our keys. What a check has no use for is imported
from its module: `survey` looks at a server before it is changed, `tls` reads whom we trust.
"""

from sopctl.adapters.ssh.examine import examine_accounts
from sopctl.adapters.ssh.first_contact import run_as_root
from sopctl.adapters.ssh.keys import Key, Password, load_key
from sopctl.adapters.ssh.probe import check

__all__ = ["Key", "Password", "check", "examine_accounts", "load_key", "run_as_root"]
