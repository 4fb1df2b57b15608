"""Feeds a reader with inputs that grow by what they reach in it (atheris): `python -m tests.faults.fuzz READER RUNS`.

Ends with 0 after RUNS inputs, and otherwise with the input that the reader did not stand. Inputs over a second or
200 MB end it as well.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["sopctl"]):
    from tests.faults.readers import READERS, TOLD


def main() -> None:
    name, runs = sys.argv[1:3]
    reader = READERS[name]

    def one(content: bytes) -> None:
        try:
            reader.read(content)
        except TOLD:
            return

    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(reader.seeds()):
            Path(corpus, str(number)).write_bytes(seed)
        limits = [
            "-timeout=1",
            "-rss_limit_mb=700",
            "-max_len=20000",
            "-seed=1",
            "-print_final_stats=0",
            "-verbosity=0",
        ]
        atheris.Setup(["fuzz", *limits, f"-runs={runs}", f"-artifact_prefix={corpus}/", corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
