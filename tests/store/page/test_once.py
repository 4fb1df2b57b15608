"""What is done once, and drafts."""

from sopctl.store.page.database import Database
from sopctl.store.page.factors import Factors
from sopctl.store.page.once import DRAFT_BYTES, KEPT_SECONDS, Once
from sopctl.store.page.tokens import Tokens
from sopctl.store.site import Site


def test_a_form_is_done_once(site: Site) -> None:
    book = Once(Database(site))
    assert book.reserve("k", "kadis", 1.0) is None
    assert book.reserve("k", "kadis", 2.0) == "", "it is still being done"
    book.done("k", "/there")
    assert Once(Database(site)).reserve("k", "kadis", 3.0) == "/there", "also after a restart"
    book.release("k")
    assert book.reserve("k", "kadis", 4.0) is None, "nothing came of it"
    assert book.reserve("k", "kadis", 5.0 + KEPT_SECONDS) is None, "nobody sends it after so long"


def test_a_deposit_has_one_link_for_one_use_until_its_time(site: Site) -> None:
    book = Once(Database(site))
    book.link("first", "PS-2026-0001", 10.0)
    book.link("other", "PS-2026-0002", 10.0)
    book.link("second", "PS-2026-0001", 20.0)
    assert [book.linked(secret, 9.0) for secret in ("first", "other", "second")] == [
        None,
        "PS-2026-0002",
        "PS-2026-0001",
    ]
    assert [book.linked("other", 10.0), book.linked("second", 10.0)] == [None, "PS-2026-0001"]
    assert [book.use_link("first"), book.use_link("second"), book.use_link("second")] == [False, True, False]
    assert book.linked("second", 9.0) is None


def test_a_draft_is_for_one_alone(site: Site) -> None:
    book = Once(Database(site))
    book.keep_draft("contoh", "request", "x", 1.0)
    assert book.draft("contoh", "request") == "x"
    assert book.draft("lain", "request") == ""
    book.keep_draft("contoh", "request", "y" * (DRAFT_BYTES + 1), 2.0)
    assert book.draft("contoh", "request") == "x"
    book.forget_draft("contoh", "request")
    assert book.draft("contoh", "request") == ""


def test_it_stays_out_of_git_and_closed_to_others(site: Site) -> None:
    Once(Database(site)).reserve("k", "kadis", 1.0)
    assert (site.root / "page" / ".gitignore").read_text().endswith("*\n")
    assert (site.root / "page" / "page.sqlite3").stat().st_mode & 0o7 == 0


def test_a_file_of_an_older_version_gets_what_it_lacks(site: Site) -> None:
    """One from before second factors and tokens: its accounts stay."""
    database = Database(site)
    with database.open() as change:
        change.execute("INSERT INTO accounts VALUES ('kadis', 'person', 'x')")
        for table in ("factors", "recovery", "pending", "tokens"):
            change.execute(f"DROP TABLE {table}")
        change.execute("PRAGMA user_version = 2")
    assert not Factors(Database(site)).counts("kadis")
    assert Tokens(Database(site)).all() == []
    with database.reading() as found:
        assert found.execute("SELECT name FROM accounts").fetchall() == [("kadis",)]
