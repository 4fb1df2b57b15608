"""The last run of checks by workers, which may be lost."""

import pytest

from sopctl.store.engine.runs import LastRun, keep, last
from sopctl.store.site import Site

RUN = LastRun(100, 160, sent={"b5": 3}, answered={"b5": 2}, refused={"b5": 1})


def test_the_last_run_is_kept(site: Site) -> None:
    assert last(site) is None
    keep(site, RUN)
    assert last(site) == RUN
    later = LastRun(200, 260, sent={}, answered={})
    keep(site, later)
    assert last(site) == later


@pytest.mark.parametrize("said", [b"", b"{", b"[]", b'{"began": 1}', b"\xff"])
def test_what_cannot_be_read_is_as_if_it_were_lost(site: Site, said: bytes) -> None:
    keep(site, RUN)
    (site.root / "var/engine.json").write_bytes(said)
    assert last(site) is None


def test_a_run_of_an_older_version_refused_nothing(site: Site) -> None:
    keep(site, RUN)
    (site.root / "var/engine.json").write_bytes(b'{"began": 1, "ended": 2, "sent": {"b5": 1}, "answered": {}}')
    assert last(site) == LastRun(1, 2, {"b5": 1}, {}, {})
