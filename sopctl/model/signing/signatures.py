"""What can be true of the signatures of a paper, each case a word of its own. Pure: who looks is an adapter."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from sopctl.locale import gettext_noop

Word = Literal[
    "good",
    "not-checked",
    "stranger",
    "broken",
    "altered-since",
    "revoked",
    "expired",
    "not-yet-valid",
    "unknown-authority",
    "wrong-purpose",
    "weak",
    "unreadable",
]
"""What a signature is. All but `good` and `not-checked` are bad."""

MEANS: dict[str, str] = {
    "good": gettext_noop("the signature holds"),
    "not-checked": gettext_noop("nothing at hand says whether the certificate was revoked"),
    "stranger": gettext_noop("the signer is nobody whom the paper names for this"),
    "broken": gettext_noop("what was signed is not what the file has, or the signature is not by this certificate"),
    "altered-since": gettext_noop("more than signatures was added to the file after it was signed"),
    "revoked": gettext_noop("the certificate, or its authority's, was revoked"),
    "expired": gettext_noop("the certificate had expired, and no timestamp proves that it was signed before"),
    "not-yet-valid": gettext_noop("the certificate was not valid yet"),
    "unknown-authority": gettext_noop("no authority that the site trusts issued the certificate"),
    "wrong-purpose": gettext_noop("the certificate or its authority's is not one for signing documents"),
    "weak": gettext_noop("the algorithm is too weak to prove anything"),
    "unreadable": gettext_noop("the signature is malformed, or of a kind that is not read"),
}

Change = Literal["shadow-content", "overlay", "more", "hybrid", "removed", "appended-after"]
"""What a file has beside the paper that was issued and its signatures."""

CHANGES: dict[str, str] = {
    "shadow-content": gettext_noop("its pages do not say what the issued paper says"),
    "overlay": gettext_noop("something was laid over its pages"),
    "more": gettext_noop("something other than signatures was added to it"),
    "hybrid": gettext_noop("old and new readers may find different content in it (a hybrid cross-reference)"),
    "removed": gettext_noop("a signature that it had was taken away"),
    "appended-after": gettext_noop("something stands after its last signature"),
}

Level = Literal["B-B", "B-T", "B-LT", "B-LTA"]
"""PAdES baseline (ETSI EN 319 142-1): signed; with a timestamp; with what proves it valid; kept provable."""


class Signer(Struct, frozen=True):
    """Who signed, by certificate: its common name, its issuer's, its serial number (hex), and its SHA-256 (hex)."""

    cn: str
    issuer: str
    serial: str
    certificate: str


class Signature(Struct, frozen=True):
    """One signature of a file. `time` is the proven one where a timestamp proves it (`tsa`), else what the signer's own
    clock said; `because` is what more is known of a bad one. `shows`: the text in its box on the page, empty where that
    is a picture, None where it has none."""

    field: str
    word: Word
    signer: Signer | None = None
    level: Level = "B-B"
    time: datetime | None = None
    time_from: Literal["tsa", "own-clock", ""] = ""
    because: str = ""
    shows: str | None = None


class Source(Struct, frozen=True):
    """Where the authority of a certificate says whether it was revoked: a list (CRL) at `url`, or an answer (OCSP) to
    `question` (DER) from there."""

    kind: Literal["crl", "ocsp"]
    url: str
    question: bytes = b""


class Stamped(Struct, frozen=True):
    """A timestamp (RFC 3161): what it is worth, when, and whose."""

    word: Word
    time: datetime | None = None
    authority: str = ""


class Examined(Struct, frozen=True):
    """What a PDF has beside the paper it is compared with. `how`: were its signatures appended to the very bytes, or
    was the file rewritten with the same pages? `problem`: why it could not be read at all. `wanted`: where what is
    not known of revocation may be asked for; only of certificates of authorities that are trusted. `closed`: a
    signature forbids others after it (DocMDP that allows no changes, or all fields locked; ISO 32000-2, 12.8.2)."""

    signatures: tuple[Signature, ...] = ()
    how: Literal["appended", "rewritten", ""] = ""
    changes: tuple[Change, ...] = ()
    problem: str = ""
    wanted: tuple[Source, ...] = ()
    closed: bool = False


class Trust(Struct, frozen=True):
    """Whom to believe: root certificates, others that lead to them, and what is at hand about revocation. PEM or DER;
    OCSP answers in DER."""

    roots: tuple[bytes, ...] = ()
    others: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
