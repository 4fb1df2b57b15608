"""Whatever the bytes: a reader answers, or says in one of our errors why not, in time."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from tests.faults.readers import READERS, TOLD
from tests.faults.scale import WHOLE, figure

INPUTS = 120
"""Of each reader in a bounded run."""
RUNS = 100_000
CPU_SECONDS = 10.0
"""What no input of 20 kB may take: ten times what the slowest takes."""
ROOT = Path(__file__).parents[2]


def altered(seed: bytes, random: Random) -> bytes:
    """Some of a seed's parts repeated, moved, cut, or made into other bytes."""
    content = bytearray(seed[:20_000] or b"\n")
    for _ in range(random.randint(1, 6)):
        at, length = random.randrange(len(content)), random.randint(1, 200)
        part = bytes(content[at : at + length])
        match random.randrange(6):
            case 0:
                content[at : at + length] = b""
            case 1:
                content[at:at] = part * random.randint(1, 50)
            case 2:
                content[at : at + length] = random.randbytes(random.randint(1, 8))
            case 3:
                content[at:at] = random.choice(
                    (b"\xff\xfe", b"\x00", b"\x1b[2J", "\u202e".encode(), b"9" * 400, b"[" * 3000)
                )
            case 4:
                where = random.randrange(len(content))
                content[where:where] = part
            case 5:
                content[at] ^= 1 << random.randrange(8)
        content = content[:20_000] or bytearray(b"\n")
    return bytes(content)


@pytest.mark.parametrize("name", READERS)
def test_a_reader_stands_altered_inputs(name: str) -> None:
    reader, random = READERS[name], Random(name)
    seeds = list(reader.seeds())
    assert seeds, "something to begin with"
    for number in range(INPUTS):
        content = seeds[number] if number < len(seeds) else altered(random.choice(seeds), random)
        began = time.thread_time()
        with suppress(*TOLD):
            reader.read(content)
        assert time.thread_time() - began < CPU_SECONDS, content


@pytest.mark.battery
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", READERS)
def test_a_reader_stands_what_reaches_deep_into_it(name: str) -> None:
    """With atheris, which the Makefile's target installs: 100,000 inputs that follow the code's branches."""
    assert WHOLE
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults.fuzz", name, str(RUNS)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / ".cache" / "atheris")))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    figure(f"fuzzing: {name}", f"{RUNS} inputs: each is read, or refused in one sentence")
