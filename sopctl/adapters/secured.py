"""TLS as a client: the same verdict with every Python and on every machine.

The defaults of `ssl` differ: Debian's Python speaks TLS 1.1 where OpenSSL's configuration allows it, and Python 3.13
refuses certificates that lack what RFC 5280 asks of them, which 3.11 accepts.
"""

import ssl
from pathlib import Path


def verified(*, ca: str | None = None, ca_file: Path | str | None = None) -> ssl.SSLContext:
    """TLS 1.2 or newer, with the certificate and its name checked against these authorities (PEM, as text or as a
    file), by default this machine's. As in browsers, a certificate may lack what only RFC 5280 section 4.2 asks for.

    Raises OSError and ssl.SSLError for authorities that cannot be read.
    """
    made = ssl.create_default_context(cadata=ca, cafile=str(ca_file) if ca_file else None)
    made.verify_flags = ssl.VerifyFlags.VERIFY_X509_TRUSTED_FIRST
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


def unverified() -> ssl.SSLContext:
    """The same without a check of the certificate: to compare it with a pin, or to say what is wrong with it."""
    made = verified()
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made
