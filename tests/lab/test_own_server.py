"""A configured server carries the id of its deposit; whoever comes for another one changes nothing there."""

import pytest

from sopctl.adapters import lab as servers
from sopctl.errors import OutsideFailure
from sopctl.workflow.servers.left import Look
from sopctl.workflow.steps import configuring, notifying, releasing, verifying
from tests.conftest import give_back
from tests.lab.test_servers import ACCOUNTS_ALONE, Placed, placed

__all__ = ["placed"]  # the fixture

pytestmark = pytest.mark.lab

NOTE = "/var/lib/sopctl/deposit"
LOOK = f"cat {NOTE} 2>/dev/null; getent passwd sopctl | cut -d: -f1; sha256sum /etc/passwd /etc/shadow /etc/sudoers.d/*"
OTHER = "PS-2020-0001"


def carries(placed: Placed, deposit: str) -> None:
    servers.run(placed.server, f"mkdir -p {NOTE.rpartition('/')[0]}; echo {deposit} >{NOTE}")


def test_a_run_for_another_deposit_stops_before_it_changes_anything(placed: Placed) -> None:
    desk, deposit = placed.desk, placed.id
    both = f"this is the server of {OTHER}, by the note there, not of {deposit}"
    (desk.site.root / "playbooks/configure.yml").write_text(ACCOUNTS_ALONE)
    carries(placed, OTHER)
    untouched = servers.run(placed.server, LOOK)
    with pytest.raises(OutsideFailure, match=both) as caught:
        configuring.configure(desk, deposit, host_key=placed.pin)
    assert "correct the address in the record that is wrong" in str(caught.value).lower()
    assert servers.run(placed.server, LOOK) == untouched

    servers.run(placed.server, f"rm {NOTE}")
    assert configuring.configure(desk, deposit).answer
    assert servers.run(placed.server, f"cat {NOTE}; stat -c '%a %U' {NOTE}").split() == [deposit, "644", "root"]

    carries(placed, OTHER)
    untouched = servers.run(placed.server, LOOK)
    notifying.notify(desk, deposit, via="phone")
    done, _ = verifying.verify(desk, deposit)
    assert (done.outcome, done.data["cause"]) == ("tidak bisa", "other-deposit")
    ((_, answer),) = Look(desk.site).compare([placed.dossier()])
    assert both in str(answer)
    with pytest.raises(OutsideFailure, match=both):
        configuring.configure(desk, deposit)
    assert servers.run(placed.server, LOOK) == untouched

    carries(placed, deposit)
    assert configuring.configure(desk, deposit).answer
    notifying.notify(desk, deposit, via="phone")
    assert verifying.verify(desk, deposit)[0].outcome == "bisa"
    notifying.notify(desk, deposit, via="phone")
    give_back(desk, deposit)
    carries(placed, OTHER)
    released = releasing.release(desk, deposit)
    assert (released.outcome, released.answer) == ("failed", False)
    assert OTHER in released.note
    assert servers.run(placed.server, LOOK) == untouched
