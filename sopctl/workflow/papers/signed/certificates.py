"""Whom the site trusts with signatures, in files: `certificates/roots/`, `others/` (authorities below the roots) and
`revocation/` (CRLs, `.crl`, and OCSP answers, `.ocsp`). PEM or DER; OCSP answers are DER."""

from collections.abc import Callable, Iterator
from pathlib import Path

from sopctl.errors import InvalidRecord
from sopctl.locale import Prose, Text
from sopctl.model.signing.signatures import Trust
from sopctl.store.durable import bytes_of, listed
from sopctl.store.site import Site

NAME = "certificates"
MAX_FILE = 32 * 1024 * 1024
"""Bytes of a file; the largest lists of public authorities have some 10 MB."""
MAX_FILES = 200

_PEM = b"-----BEGIN "


def read(site: Site) -> Trust:
    """What the site has at hand. Raises InvalidRecord for a file that is not what its place says, OutsideFailure."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import ocsp

    def certificates(content: bytes) -> list[bytes]:
        if _PEM in content:
            return [each.public_bytes(Encoding.DER) for each in x509.load_pem_x509_certificates(content)]
        return [x509.load_der_x509_certificate(content).public_bytes(Encoding.DER)]

    def list_(content: bytes) -> list[bytes]:
        load = x509.load_pem_x509_crl if _PEM in content else x509.load_der_x509_crl
        return [load(content).public_bytes(Encoding.DER)]

    def answer(content: bytes) -> list[bytes]:
        return [ocsp.load_der_ocsp_response(content).public_bytes(Encoding.DER)]

    folder = site.folder(NAME)
    return Trust(
        roots=tuple(_each(folder / "roots", "*", certificates, Text("certificate"))),
        others=tuple(_each(folder / "others", "*", certificates, Text("certificate"))),
        crls=tuple(_each(folder / "revocation", "*.crl", list_, Text("certificate revocation list (CRL)"))),
        ocsps=tuple(_each(folder / "revocation", "*.ocsp", answer, Text("OCSP answer (DER)"))),
    )


def _each(folder: Path, pattern: str, load: Callable[[bytes], list[bytes]], what: Prose) -> Iterator[bytes]:
    for path in listed(folder, pattern)[:MAX_FILES]:
        if path.name.startswith("."):
            continue
        content = bytes_of(path, MAX_FILE)
        try:
            yield from load(content)
        except ValueError:
            raise InvalidRecord(
                "not-a-certificate", "the file is no {what}", where=str(path), remedy="Take it away.", what=what
            ) from None
