"""Times are in the office's zone, as everywhere."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sopctl.cli.documents import accounts
from sopctl.store.page.tokens import Token

ZONE = ZoneInfo("Asia/Jakarta")
MADE = datetime(2026, 11, 23, 9, 30, tzinfo=ZONE)


def test_the_times_of_tokens_are_the_offices() -> None:
    token = Token("4da5a37a", "kadis", "pemantauan", "read", MADE.timestamp(), MADE.timestamp() + 1)
    (listed,) = accounts.tokens([token], ZONE).tokens
    assert (listed.made.isoformat(), listed.used) == ("2026-11-23T09:30:00+07:00", None)
    assert accounts.new_token(token, "x", ZONE).until.isoformat() == "2026-11-23T09:30:01+07:00"
