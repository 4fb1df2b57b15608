"""How many disks a letter's line names, and of which size."""

import pytest

from sopctl.model.facts.declared.disks import declared_count, same_sizes
from sopctl.model.facts.parts import Disk
from tests.cases import rows


@pytest.mark.parametrize(("line", "count", "sizes"), rows("declared_disks"))
def test_what_a_line_names(line: str, count: int, sizes: list[int]) -> None:
    assert declared_count([line]) == count
    disks = [Disk(name=f"sd{at}", size_bytes=size * 10**9) for at, size in enumerate(sizes)]
    assert same_sizes([line], disks) is (True if sizes else None)
    assert same_sizes([line], disks[1:]) is (False if sizes else None)
