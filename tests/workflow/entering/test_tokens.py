"""Tokens: kept as hashes, with an end, worth what their account is worth."""

from datetime import timedelta

import pytest

from sopctl.errors import UsageError
from sopctl.store.page.database import Database
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.entering import tokens
from tests.conftest import Clock


def test_a_token_is_its_account_until_it_ends(site: Site, clock: Clock) -> None:
    accounts.invite(site, "staf", clock())
    made = tokens.create(site, "staf", "pemantauan", "read", timedelta(days=30), clock())
    assert made.secret not in Database(site).path.read_bytes().decode("latin-1")
    found = tokens.who(site, made.secret, clock())
    assert found is not None
    assert (found[0].name, found[1].people, found[2]) == ("staf", ("staf",), "read")
    assert tokens.kept(site).all()[0].used == clock().timestamp()
    for other in (
        "",
        "sopctl_",
        made.secret[:-1],
        made.secret + "x",
        made.secret.removeprefix("sopctl_"),
        "sopctl_" + "é" * 43,
    ):
        assert tokens.who(site, other, clock()) is None
    clock.now += timedelta(days=31)
    assert tokens.who(site, made.secret, clock()) is None


def test_it_ends_with_its_account_and_its_person(site: Site, clock: Clock) -> None:
    accounts.invite(site, "staf", clock())
    made = [tokens.create(site, "staf", str(number), "act", timedelta(days=1), clock()) for number in range(2)]
    tokens.revoke(site, made[0].token.id)
    assert tokens.who(site, made[0].secret, clock()) is None
    with pytest.raises(UsageError, match="no token"):
        tokens.revoke(site, made[0].token.id)
    settings = site.root / "sopctl.yml"
    text = settings.read_text()
    settings.write_text(text.replace("  staf: {role", "  pengganti: {role"))
    assert tokens.who(Site(site.root), made[1].secret, clock()) is None
    settings.write_text(text)
    assert tokens.who(Site(site.root), made[1].secret, clock()) is not None
    accounts.revoke(site, "staf")
    accounts.invite(site, "staf", clock())
    assert tokens.who(site, made[1].secret, clock()) is None


@pytest.mark.parametrize(
    ("account", "label", "days"), [("nobody", "", 1), ("staf", "x" * 101, 1), ("staf", "a\nb", 1), ("staf", "", 367)]
)
def test_what_is_refused(site: Site, clock: Clock, account: str, label: str, days: int) -> None:
    accounts.invite(site, "staf", clock())
    with pytest.raises(UsageError):
        tokens.create(site, account, label, "read", timedelta(days=days), clock())
