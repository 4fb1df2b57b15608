"""Second factors, and what lies between the two steps of a login: each counts once, in its time, for its account."""

import pytest

from sopctl.store.page import factors as module
from sopctl.store.page.database import Database
from sopctl.store.page.factors import Factors, Pending
from sopctl.store.page.sessions import Sessions
from sopctl.store.site import Site


@pytest.fixture
def factors(site: Site) -> Factors:
    return Factors(Database(site))


def test_a_secret_counts_from_when_it_was_shown_and_then_stays(factors: Factors) -> None:
    assert (factors.find("kadis"), factors.counts("kadis")) == (None, False)
    factors.propose("kadis", "first")
    factors.use("kadis", 7)
    factors.propose("kadis", "second")
    assert (factors.find("kadis"), factors.counts("kadis")) == (("second", None), False)
    assert factors.use("kadis", 1), "of the new secret no code was used"
    assert factors.confirm("kadis", 5.0, ["a", "b"])
    assert (factors.find("kadis"), factors.counts("kadis")) == (("second", 5.0), True)
    factors.propose("kadis", "third")
    assert not factors.confirm("kadis", 6.0, ["c"])
    assert (factors.find("kadis"), factors.left("kadis")) == (("second", 5.0), 2)
    assert not factors.confirm("other", 6.0, []), "nothing was proposed"


def test_a_code_and_those_before_it_are_used_up(factors: Factors) -> None:
    for name in ("kadis", "other"):
        factors.propose(name, "secret")
    assert [factors.use("kadis", step) for step in (5, 5, 4, 6)] == [True, False, False, True]
    assert factors.use("other", 5)
    assert not factors.use("nobody", 5)


def test_codes_to_recover_with_are_their_accounts_and_for_once(factors: Factors) -> None:
    for name in ("kadis", "other"):
        factors.propose(name, "secret")
        factors.confirm(name, 1.0, [f"{name} 1", f"{name} 2"])
    assert [factors.recover("kadis", code) for code in ("other 1", "kadis 1", "kadis 1", "x")] == [
        False,
        True,
        False,
        False,
    ]
    assert (factors.left("kadis"), factors.left("other")) == (1, 2)
    assert factors.forget("kadis")
    assert (factors.find("kadis"), factors.left("kadis"), factors.left("other")) == (None, 0, 2)
    assert not factors.forget("kadis")


def test_who_gets_a_second_factor_logs_in_again(site: Site, factors: Factors) -> None:
    sessions = Sessions(Database(site))
    for name in ("kadis", "other"):
        sessions.begin(f"of {name}", name, 1.0)
        factors.propose(name, "secret")
    factors.confirm("kadis", 2.0, [])
    assert (sessions.account("of kadis", 3.0), sessions.account("of other", 3.0)) == (None, "other")


def test_what_a_browser_began_is_its_own_for_a_time(site: Site) -> None:
    pending = Pending(Database(site))
    pending.keep("secret", "login", "kadis", 1.0, until=10.0)
    for look in (pending.look, pending.look, pending.take):
        assert look("secret", "enrol", 1.0) is None
        assert look("other", "login", 1.0) is None
        assert look("secret", "login", 10.1) is None
        assert look("secret", "login", 10.0) == "kadis"
    assert pending.look("secret", "login", 1.0) is None, "it was taken"
    for text in ("first", "second"):
        pending.keep("secret", "login", text, 1.0, until=10.0)
    assert pending.look("secret", "login", 1.0) == "second"


def test_what_is_too_old_or_too_much_is_forgotten(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PENDING", 3)
    pending = Pending(Database(site))
    pending.keep("old", "login", "x", 1.0, until=2.0)
    pending.keep("edge", "login", "x", 2.0, until=5.0)
    assert pending.look("old", "login", 1.0) == "x"
    pending.keep("next", "login", "x", 5.0, until=9.0)
    assert (pending.look("old", "login", 1.0), pending.look("edge", "login", 1.0)) == (None, "x")
    for number in range(3):
        pending.keep(str(number), "login", "x", 5.0, until=9.0)
    assert [pending.look(each, "login", 5.0) for each in ("edge", "next", "0", "1", "2")] == [None, None, "x", "x", "x"]
