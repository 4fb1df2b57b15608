"""Tokens: each is found by its secret while it lasts, and when it was last used is noted now and then."""

from sopctl.store.page.database import Database
from sopctl.store.page.tokens import NOTE_SECONDS, Token, Tokens
from sopctl.store.site import Site

FIRST = Token("1", "kadis", "a script", "read", 100.0, 1000.0)
SECOND = Token("2", "kadis", "another", "act", 50.0, 1000.0)
OTHERS = Token("3", "auditor", "", "read", 200.0, 1000.0)


def test_a_token_lasts_until_its_end_or_until_it_is_revoked(site: Site) -> None:
    tokens = Tokens(Database(site))
    for token in (FIRST, SECOND, OTHERS):
        tokens.add(token, f"secret {token.id}")
    assert tokens.all() == [OTHERS, SECOND, FIRST], "by account and age"
    assert (tokens.find("secret 2", 999.9), tokens.find("secret 2", 1000.0)) == (SECOND, None)
    assert tokens.find("2", 1.0) is None
    assert tokens.revoke("2")
    assert (tokens.revoke("2"), tokens.find("secret 2", 1.0)) == (False, None)
    assert [each.id for each in tokens.all()] == ["3", "1"]


def test_its_use_is_noted_now_and_then(site: Site) -> None:
    tokens = Tokens(Database(site))
    tokens.add(FIRST, "secret")
    tokens.add(OTHERS, "other")
    noted = []
    for now in (400.0, 401.0, 400.0 + NOTE_SECONDS, 400.1 + NOTE_SECONDS):
        assert tokens.find("secret", now)
        noted.append({each.id: each.used for each in tokens.all()})
    assert noted == [{"3": None, "1": used} for used in (400.0, 400.0, 400.0, 400.1 + NOTE_SECONDS)]
