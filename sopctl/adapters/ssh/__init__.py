"""SSH to servers that are treated as hostile.

`check` climbs the ladder of one host, `examine_accounts` examines other accounts there, `survey` looks at the server
before it is changed, `run_as_root` makes the first contact with one that does not have our key yet, and the loaders
read our files.
"""

from sopctl.adapters.ssh.examine import examine_accounts
from sopctl.adapters.ssh.first_contact import run_as_root
from sopctl.adapters.ssh.keys import Key, Password, load_key
from sopctl.adapters.ssh.probe import check
from sopctl.adapters.ssh.survey import survey
from sopctl.adapters.ssh.tls import load_ca

__all__ = ["Key", "Password", "check", "examine_accounts", "load_ca", "load_key", "run_as_root", "survey"]
