"""Asking BSrE's service ends in one of three ways, and never says the signer's number or secret."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from sopctl.adapters.documents import appearance, places, render
from sopctl.adapters.signing import bsre, making, pages
from sopctl.adapters.signing.examining import examine
from tests.adapters.documents import samples
from tests.adapters.signing.fake_bsre import CODE, LOGIN, NIK, SECRET, Turn, bsre_service
from tests.authority import Authority, real_now

FORM = samples.handover()
ISSUED = render(FORM)
AUTHORITY = Authority(real_now())
PEOPLE = {"signer": AUTHORITY.signer("Kepala Bidang")}
WHO = bsre.Signer(NIK, SECRET)
ROWS = [
    (row, version)
    for row in yaml.load((Path(__file__).parents[2] / "cases" / "bsre.yml").read_text(), yaml.CSafeLoader)
    for version in row.get("versions", ("v1", "v2"))
]


def _seen() -> bsre.Seen:
    place = places(FORM)[1]
    box = making.Box(place.page, place.left, place.bottom, place.width, place.height)
    return bsre.Seen(box, pages.height(ISSUED, place.page), pages.picture(appearance("Kepala Bidang", "", "BSrE"), 1))


def _asked(service: bsre.Service, *, seen: bool = True, secret: str = SECRET) -> bytes:
    bsre.refuse_not_ready(service, NIK)
    return bsre.sign(service, bsre.Signer(NIK, secret), ISSUED, _seen() if seen else None)


@pytest.mark.parametrize(
    ("row", "version"), ROWS, ids=[f"{row.get('answer') or row['status']} {version}" for row, version in ROWS]
)
def test_how_asking_ends(row: dict[str, Any], version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bsre, "SIGN_SECONDS", row.get("seconds", 60.0))
    status = Turn("status", row.get("status", "yes"))
    script = [status] if "status" in row else [status, Turn("sign", row["answer"], seen=row.get("seen", True))]
    with bsre_service(AUTHORITY, PEOPLE, version, script, tmp_path) as (_fake, service):
        if row["ends"] == "signed":
            assert _asked(service, seen=row.get("seen", True)).startswith(ISSUED)
            return
        with pytest.raises(bsre.NotSigned if row["ends"] == "not-signed" else bsre.Unclear) as ended:
            _asked(service, secret="another one" if row.get("answer") == "2031" else SECRET)
    said = str(ended.value)
    assert row.get("says", "") in said
    assert not [secret for secret in (NIK, SECRET, *LOGIN) if secret in said]
    assert getattr(ended.value, "secret_wrong", False) == (row.get("answer") == "2031")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_signature_is_seen_in_its_box_from_either_corner(version: str, tmp_path: Path) -> None:
    boxes = []
    for origin in ("bottom-left", "top-left"):
        script = [Turn("status"), Turn("sign")]
        with bsre_service(AUTHORITY, PEOPLE, version, script, tmp_path) as (fake, service):
            made = _asked(replace(service, origin=origin))
            boxes += fake.boxes
        if origin == "bottom-left":
            found = examine(made, AUTHORITY.trust(), real_now(), ISSUED)
            assert ([each.word for each in found.signatures], found.changes) == (["good"], ())
    (page, x, y, width, height), top = boxes
    seen = _seen()
    assert (page, x, width, height) == (top[0], top[1], top[3], top[4])
    assert abs(y + height + top[2] - seen.page_height) <= 1


def test_a_code_is_good_once_in_place_of_the_passphrase(tmp_path: Path) -> None:
    script = [Turn("code"), Turn("sign", seen=False), Turn("code", "503")]
    with bsre_service(AUTHORITY, PEOPLE, "v2", script, tmp_path) as (_fake, service):
        bsre.request_code(service, NIK)
        assert bsre.sign(service, bsre.Signer(NIK, CODE, once=True), ISSUED, None).startswith(ISSUED)
        with pytest.raises(bsre.NotSigned, match="HTTP 503"):
            bsre.request_code(service, NIK)


def test_whom_nobody_trusts_is_sent_nothing(tmp_path: Path) -> None:
    with bsre_service(AUTHORITY, PEOPLE, "v2", [], tmp_path) as (_fake, service):
        for other in (replace(service, ca=None), replace(service, url=service.url.replace("localhost", "127.0.0.1"))):
            with pytest.raises(bsre.NotSigned, match="certificate"):
                bsre.sign(other, WHO, ISSUED, None)


def test_no_secret_is_in_what_python_shows_of_it() -> None:
    shown = repr((WHO, bsre.Service("https://localhost", "v2", LOGIN)))
    assert not [secret for secret in (NIK, SECRET, *LOGIN) if secret in shown]


def test_the_stand_in_refuses_what_was_not_scripted(tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match="was scripted"),
        bsre_service(AUTHORITY, PEOPLE, "v1", [Turn("sign")], tmp_path) as (_fake, service),
        pytest.raises(bsre.NotSigned, match="HTTP 599"),
    ):
        bsre.refuse_not_ready(service, NIK)
