"""Who may open an account, and as whom it acts: a table of what sopctl.yml says."""

from collections.abc import Callable

import pytest

from sopctl.errors import NotNow, UsageError
from sopctl.model.principal import AccountKind, Principal
from sopctl.store.page.accounts import Account
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.deciding import Deciding
from tests.conftest import Clock

MORE = """
units: {contoh: {name: Dinas Contoh}, kabid: {name: Bidang Lain}}
"""


@pytest.fixture
def book(site: Site) -> Site:
    settings = site.root / "sopctl.yml"
    text = settings.read_text().replace("clerks: everyone", "clerks: [root, 'page:staf']")
    text = text.replace("  staf: {role: pelaksana,", "  staf: {role: pelaksana, login: sri,")
    settings.write_text(
        text.replace("# Who may record", "  wakil: {role: kabid, name: Plt, login: sri}\n# Who may record") + MORE
    )
    return Site(site.root)


@pytest.mark.parametrize(
    ("name", "kind", "principal"),
    [
        ("kadis", "person", Principal("page:kadis", "person", ("kadis",))),
        ("staf", "person", Principal("page:staf", "person", ("staf", "wakil"), clerk=True)),
        ("nobody", "person", None),
        ("contoh", "unit", Principal("page:contoh", "unit", unit="contoh")),
        ("kadis", "unit", None),
        ("inspektorat", "auditor", Principal("page:inspektorat", "reader")),
    ],
)
def test_as_whom_an_account_acts(book: Site, name: str, kind: AccountKind, principal: Principal | None) -> None:
    assert accounts.principal(book.settings, Account(name, kind)) == principal


def test_who_is_invited(book: Site, clock: Clock) -> None:
    assert accounts.invite(book, "kadis", clock()).kind == "person"
    assert accounts.invite(book, "contoh", clock()).kind == "unit"
    assert accounts.invite(book, "inspektorat", clock(), "auditor").kind == "auditor"
    for name, kind, error in (
        ("nobody", None, "no-one-to-invite"),
        ("kadis", "unit", "no-one-to-invite"),
        ("kabid", None, "account-of-two-kinds"),
    ):
        with pytest.raises(UsageError) as refused:
            accounts.invite(book, name, clock(), kind)  # type: ignore[arg-type]
        assert refused.value.id == error
    with pytest.raises(UsageError, match="no account"):
        accounts.revoke(book, "nobody")
    assert [each.name for each in accounts.kept(book).all()] == ["contoh", "inspektorat", "kadis"]


def test_a_reader_decides_nothing_and_a_unit_only_what_is_its_own(book: Site) -> None:
    people = book.settings.people
    reader = Deciding(Principal("page:x", "reader"))
    unit = Deciding(Principal("page:contoh", "unit", unit="contoh"))
    tries: list[Callable[[], str]] = [
        lambda: reader.decider(people, ("kadis",), "x"),
        lambda: reader.decider(people, ("pemohon",), "x", unit="contoh"),
        lambda: reader.decider(people, ("pelaksana",), "x", unattended=True),
        lambda: reader.anyone(people),
        lambda: unit.anyone(people),
        lambda: unit.decider(people, ("pemohon",), "x", unit="lain"),
    ]
    for decide in tries:
        with pytest.raises(NotNow):
            decide()
    assert unit.decider(people, ("pemohon",), "x", unit="contoh") == "pemohon"
