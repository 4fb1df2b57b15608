"""A month as people write it."""

from datetime import date

import pytest

from sopctl.errors import UsageError
from sopctl.model.month import month_days


def test_the_days_of_a_month() -> None:
    assert month_days("2028-02") == (date(2028, 2, 1), date(2028, 2, 29))


@pytest.mark.parametrize("text", ["november", "2026-13", "2026-11-01", "", "2026"])
def test_what_is_not_a_month_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a month") as caught:
        month_days(text)
    assert caught.value.id == "not-a-month"
