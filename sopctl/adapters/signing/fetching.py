"""What authorities say of revocation over the network: lists (CRL, RFC 5280) and answers (OCSP, RFC 6960).

Whoever asks knows that the certificates are of authorities that are trusted: a stranger's would have us ask wherever
the stranger likes. What comes is believed only as far as it is signed: TLS plays no part, and most of it has none.
"""

import time
from collections.abc import Sequence

import msgspec

from sopctl.adapters.asking import Lost, NotSent, ask
from sopctl.errors import missing_extra
from sopctl.model.signing.signatures import Source, Trust
from sopctl.model.text import printable

SECONDS = 15.0
"""For one answer."""
ALL_SECONDS = 60.0
"""For all of them."""
MOST = {"crl": 32 * 1024 * 1024, "ocsp": 64 * 1024}
"""Bytes of an answer; the largest lists of public authorities have some 10 MB."""


def fetch(trust: Trust, wanted: Sequence[Source]) -> tuple[Trust, list[str]]:
    """`trust` with what these sources say, and why some of them say nothing. Raises OutsideFailure where the extra is
    missing."""
    crls: list[bytes] = []
    ocsps: list[bytes] = []
    silent: list[str] = []
    until = time.monotonic() + ALL_SECONDS
    for each in wanted:
        left = until - time.monotonic()
        try:
            if left <= 0:
                raise NotSent("there was no time left to ask")
            (crls if each.kind == "crl" else ocsps).append(_fetched(each, min(SECONDS, left)))
        except (NotSent, Lost, ValueError) as error:
            silent.append(printable(f"{each.kind.upper()} from {each.url}: {error}", 300))
    more = msgspec.structs.replace(trust, crls=(*trust.crls, *crls), ocsps=(*trust.ocsps, *ocsps))
    return more, silent


def _fetched(source: Source, seconds: float) -> bytes:
    """One list or answer (DER). Raises NotSent, Lost, and ValueError for what is none."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding
        from cryptography.x509 import ocsp
    except ImportError:
        raise missing_extra("sign") from None

    if source.kind == "crl":
        answer = ask(source.url, None, {}, seconds=seconds, most=MOST["crl"])
        _refuse_no(answer.status)
        load = x509.load_pem_x509_crl if answer.body.startswith(b"-----BEGIN ") else x509.load_der_x509_crl
        return load(answer.body).public_bytes(Encoding.DER)
    headers = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
    answer = ask(source.url, source.question, headers, seconds=seconds, most=MOST["ocsp"])
    _refuse_no(answer.status)
    found = ocsp.load_der_ocsp_response(answer.body)
    if found.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise ValueError(f"it says {found.response_status.name}")
    return found.public_bytes(Encoding.DER)


def _refuse_no(status: int) -> None:
    if status != 200:
        raise ValueError(f"HTTP {status}")
