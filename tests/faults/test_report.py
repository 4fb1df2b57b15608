"""The figures in docs/reliability.md."""

from tests.faults.report import table


def test_of_what_was_measured_twice_the_last_counts() -> None:
    lines = ['{"what": "kills", "said": "1"}', '{"what": "cuts", "said": "3"}', '{"what": "kills", "said": "2"}']
    assert table(lines).endswith("| what | result |\n|---|---|\n| cuts | 3 |\n| kills | 2 |\n")
