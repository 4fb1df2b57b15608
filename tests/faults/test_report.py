"""The figures in docs/explanation/reliability.md."""

from tests.faults.report import table


def test_of_what_was_measured_twice_the_last_counts() -> None:
    lines = ['{"what": "kills", "said": "1"}', '{"what": "cuts", "said": "3"}', '{"what": "kills", "said": "2"}']
    made = table(lines, day="2026-11-26")
    assert made == "| what | result | on |\n|---|---|---|\n| cuts | 3 | 2026-11-26 |\n| kills | 2 | 2026-11-26 |\n"


def test_what_was_not_measured_again_stays_with_its_day() -> None:
    first = table(['{"what": "kills", "said": "1"}', '{"what": "cuts", "said": "3"}'], day="2026-11-26")
    then = table(['{"what": "kills", "said": "2"}'], first, "2026-12-01")
    assert then.splitlines()[2:] == ["| cuts | 3 | 2026-11-26 |", "| kills | 2 | 2026-12-01 |"]


def test_what_was_measured_in_parts_is_added_up() -> None:
    part = '{"what": "kills", "said": "{tried} tried, {lost} lost", "counts": {"tried": 200, "lost": 0}}'
    assert "| kills | 400 tried, 0 lost | d |" in table([part, part], day="d")
