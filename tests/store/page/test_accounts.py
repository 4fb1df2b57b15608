"""Accounts of the page: links are for one use and one time, and what is an account's own goes with it."""

from sopctl.store.page.accounts import Account, Accounts
from sopctl.store.page.database import Database
from sopctl.store.page.factors import Factors
from sopctl.store.page.once import Once
from sopctl.store.page.sessions import Sessions
from sopctl.store.page.tokens import Token, Tokens
from sopctl.store.site import Site

INVITED = Account("kadis", "person")
SET = Account("kadis", "person", "hash")


def test_a_link_sets_a_password_once(site: Site) -> None:
    accounts = Accounts(Database(site))
    accounts.invite("kadis", "person", "link", until=10.0)
    assert accounts.all() == [INVITED]
    assert (accounts.invited("link", 9.9), accounts.invited("link", 10.0)) == (INVITED, None)
    assert (accounts.invited("other", 1.0), accounts.accept("other", "x", 1.0)) == (None, None)
    assert accounts.accept("link", "x", 10.0) is None, "too late"
    assert accounts.accept("link", "hash", 9.9) == accounts.find("kadis") == SET
    assert (accounts.invited("link", 9.9), accounts.accept("link", "again", 9.9)) == (None, None)
    assert accounts.find("kadis") == SET


def test_a_new_link_voids_the_one_before_and_leaves_the_password(site: Site) -> None:
    accounts = Accounts(Database(site))
    accounts.invite("kadis", "person", "first", until=10.0)
    accounts.accept("first", "hash", 1.0)
    accounts.invite("other", "unit", "theirs", until=10.0)
    accounts.invite("kadis", "person", "second", until=10.0)
    accounts.invite("kadis", "auditor", "third", until=10.0)
    changed = Account("kadis", "auditor", "hash")
    assert accounts.all() == [changed, Account("other", "unit")]
    assert (accounts.invited("second", 1.0), accounts.invited("third", 1.0)) == (None, changed)
    assert accounts.invited("theirs", 1.0) == Account("other", "unit")


def test_a_new_password_ends_the_sessions_of_its_account_alone(site: Site) -> None:
    database = Database(site)
    accounts, sessions = Accounts(database), Sessions(database)
    for name in ("kadis", "other"):
        accounts.invite(name, "person", f"for {name}", until=10.0)
        sessions.begin(f"of {name}", name, 1.0)
    accounts.accept("for kadis", "hash", 2.0)
    assert (sessions.account("of kadis", 3.0), sessions.account("of other", 3.0)) == (None, "other")


def test_all_that_is_an_accounts_own_goes_with_it_and_nothing_of_others(site: Site) -> None:
    database = Database(site)
    accounts, factors, tokens = Accounts(database), Factors(database), Tokens(database)
    for name in ("kadis", "other"):
        accounts.invite(name, "person", f"for {name}", until=10.0)
        factors.propose(name, "secret")
        factors.confirm(name, 1.0, [f"recovers {name}"])
        Sessions(database).begin(f"of {name}", name, 1.0)
        Once(database).keep_draft(name, "request", "x", 1.0)
        tokens.add(Token(name, name, "", "read", 1.0, 10.0), f"token of {name}")

    def there(name: str) -> list[bool]:
        return [
            accounts.find(name) is not None,
            accounts.invited(f"for {name}", 1.0) is not None,
            factors.find(name) is not None,
            factors.left(name) == 1,
            Sessions(database).account(f"of {name}", 2.0) is not None,
            Once(database).draft(name, "request") == "x",
            tokens.find(f"token of {name}", 2.0) is not None,
        ]

    assert there("kadis") == [True] * 7
    assert accounts.revoke("kadis")
    assert (there("kadis"), there("other")) == ([False] * 7, [True] * 7)
    assert not accounts.revoke("kadis"), "there is none any more"
