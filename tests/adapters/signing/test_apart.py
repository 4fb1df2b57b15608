"""Strangers' files are read in a process of its own, which they may end, and nothing else."""

import zlib
from collections.abc import Iterator

import pytest

from sopctl.adapters.signing.apart import Examiner
from sopctl.errors import OutsideFailure
from sopctl.model.signing.signatures import Trust
from tests.adapters.signing.test_examining import ISSUED
from tests.authority import real_now

NOTHING = Trust()


def bomb() -> bytes:
    """A PDF whose cross-reference stream unpacks to 400 MB."""
    packed = zlib.compress(b"\0" * 400_000_000, 9)
    head = b"%PDF-1.7\n"
    stream = b"1 0 obj\n<</Type/XRef/Size 2/W[1 2 1]/Root 1 0 R/Filter/FlateDecode/Length %d>>stream\n" % len(packed)
    end = b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)
    return head + stream + packed + end


@pytest.fixture
def examiner() -> Iterator[Examiner]:
    with Examiner(memory=500_000_000) as made:
        yield made


def test_a_file_that_takes_too_much_memory_is_a_problem_and_the_next_one_is_read(examiner: Examiner) -> None:
    assert examiner.examine(bomb(), NOTHING, real_now()).problem
    assert examiner.examine(ISSUED, NOTHING, real_now(), ISSUED).how == "appended"


def test_a_file_that_takes_too_long_is_a_problem_and_the_next_one_is_read() -> None:
    with Examiner(seconds=0.01) as hasty:
        assert hasty.examine(ISSUED, NOTHING, real_now()).problem == "it takes too long"
        assert hasty.examine(ISSUED, NOTHING, real_now()).problem == "it takes too long"


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys; sys.modules['pyhanko'] = None; from sopctl.adapters.signing import apart; apart.main()"
    monkeypatch.setattr("sopctl.adapters.signing.apart.COMMAND", ("-c", code))
    with Examiner() as made, pytest.raises(OutsideFailure, match="not installed") as refused:
        made.examine(ISSUED, NOTHING, real_now())
    assert "its extra sign" in str(refused.value)
