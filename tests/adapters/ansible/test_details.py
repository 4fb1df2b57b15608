"""details.sh itself, run here with tools that answer as a server's may."""

import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "playbooks/files/details.sh"
NEEDED = ("awk", "cat", "grep", "id", "sh", "timeout", "uname")
DF = "#!/bin/sh\ncase $* in *l*) echo '/dev/sdz1 1000 400 600 40% /srv' ;; *) exit 124 ;; esac\n"
"""A df that a dead share holds up: it is ended by the clock, and has said nothing."""


def test_a_dead_share_does_not_cost_the_sizes_of_the_others(tmp_path: Path) -> None:
    for name in NEEDED:
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    (tmp_path / "df").write_text(DF)
    (tmp_path / "df").chmod(0o755)
    words = ["/bin/sh", str(SCRIPT)]
    said = subprocess.run(words, env={"PATH": str(tmp_path)}, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    assert b"\n=df ok\n /dev/sdz1 1000 400 600 40% /srv\n=" in said.stdout
    assert said.stdout.endswith(b"\n=end ok\n")
