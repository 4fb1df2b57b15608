"""What signing and checking a paper cost: python -m benchmarks.signing. Figures:
docs/explanation/benchmarks.md."""

import time
from collections.abc import Callable

from benchmarks.needs import given, numbers
from sopctl.adapters.documents import appearance, places, render
from sopctl.adapters.signing import making
from sopctl.adapters.signing.examining import examine
from tests.adapters.documents import samples
from tests.authority import PASSPHRASE, Authority, real_now

RUNS = 5


def cost(work: Callable[[], object]) -> float:
    """Seconds of CPU of one run, of five after a first that loads the libraries."""
    work()
    before = time.process_time()
    for _ in range(RUNS):
        work()
    return (time.process_time() - before) / RUNS


def main() -> None:
    """Print the figures."""
    numbers(given(__doc__))
    authority, form = Authority(real_now()), samples.handover()
    issued = render(form)
    keys = [
        making.pkcs12(authority.p12(authority.signer(name)), PASSPHRASE, name)
        for name in ("Penanggung Jawab Teknis", "Petugas Pusat Data")
    ]

    def sign(content: bytes, number: int) -> bytes:
        place = places(form)[number]
        box = making.Box(place.page, place.left, place.bottom, place.width, place.height)
        seen = making.Look(box, appearance(keys[number].signer.cn, "26-11-2026 10.00 WIB", "Penerbit Uji"))
        return making.sign(content, keys[number], field=f"tanda-tangan-{number}", look=seen)

    both = sign(sign(issued, 0), 1)
    trust = authority.trust()
    print(f"sign, seen in its box (B-B): {cost(lambda: sign(issued, 0)):.3f} s")
    print(f"check two signatures: {cost(lambda: examine(both, trust, real_now())):.3f} s")
    against = cost(lambda: examine(both, trust, real_now(), issued))
    print(f"check them, and every page against the issued one: {against:.3f} s")
    print(f"a form: {len(issued):,} bytes; signed by both: {len(both):,} bytes")


if __name__ == "__main__":
    main()
