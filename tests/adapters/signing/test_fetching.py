"""What authorities say over the network is asked of those that are trusted, and believed as far as it is signed."""

from datetime import timedelta
from pathlib import Path

import pytest

from sopctl.adapters.documents import render
from sopctl.adapters.signing import making
from sopctl.adapters.signing.examining import examine
from sopctl.adapters.signing.fetching import fetch
from sopctl.model.signing.signatures import Trust
from tests.adapters.documents import samples
from tests.authority import PASSPHRASE, Authority, publishing, real_now

ISSUED = render(samples.paper())


def _signed(authority: Authority, *, revoked: bool = False) -> bytes:
    who = authority.signer("Petugas Pusat Data")
    if revoked:
        authority.revoke(who, authority.now - timedelta(days=1))
    return making.sign(ISSUED, making.pkcs12(authority.p12(who), PASSPHRASE, "x"), field="satu")


@pytest.mark.parametrize(
    ("says", "revoked", "word"),
    [
        (("crl",), False, "good"),
        (("ocsp",), False, "good"),
        (("crl", "ocsp"), False, "good"),
        (("crl",), True, "revoked"),
        (("ocsp",), True, "revoked"),
        ((), False, "not-checked"),
        ((), True, "not-checked"),
    ],
)
def test_what_an_authority_says_decides(tmp_path: Path, says: tuple[str, ...], *, revoked: bool, word: str) -> None:
    with publishing(tmp_path, real_now(), says=says) as authority:
        content = _signed(authority, revoked=revoked)
        alone = authority.trust(crls=False)
        found = examine(content, alone, real_now())
        assert [each.word for each in found.signatures] == ["not-checked"]
        assert {each.kind for each in found.wanted} == {"crl", "ocsp"}
        more, silent = fetch(alone, found.wanted)
    (one,) = examine(content, more, real_now()).signatures
    assert one.word == word
    assert len(silent) == 2 * (2 - len(says)), "those of the root and of the authority below it"
    assert all("HTTP 404" in each for each in silent)


def test_of_a_strangers_certificate_nothing_is_asked(tmp_path: Path) -> None:
    with publishing(tmp_path, real_now()) as stranger:
        content = _signed(stranger)
        found = examine(content, Authority(real_now()).trust(crls=False), real_now())
    assert [each.word for each in found.signatures] == ["unknown-authority"]
    assert not found.wanted


def test_where_a_list_is_at_hand_nothing_is_asked(tmp_path: Path) -> None:
    with publishing(tmp_path, real_now(), says=()) as authority:
        found = examine(_signed(authority), authority.trust(), real_now())
    assert ([each.word for each in found.signatures], found.wanted) == (["good"], ())


def test_what_another_signed_in_the_authoritys_name_is_not_believed(tmp_path: Path) -> None:
    with publishing(tmp_path, real_now(), says=("crl",)) as authority:
        content = _signed(authority, revoked=True)
        alone = authority.trust(crls=False)
        wanted = examine(content, alone, real_now()).wanted
        forged = Authority(real_now())
        authority.root, authority.middle = forged.root, forged.middle  # who answers now
        authority.revoked.clear()
        more, _silent = fetch(alone, wanted)
    assert [each.word for each in examine(content, more, real_now()).signatures] == ["not-checked"]


def test_an_authority_that_is_gone_is_told(tmp_path: Path) -> None:
    with publishing(tmp_path, real_now()) as authority:
        wanted = examine(_signed(authority), authority.trust(crls=False), real_now()).wanted
    more, silent = fetch(Trust(), wanted)
    assert more == Trust()
    assert len(silent) == len(wanted) == 4
