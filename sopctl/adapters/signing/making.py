"""Signing a PDF (PAdES) with a key that is at hand: a PKCS#12 file, or a token (PKCS#11). By pyHanko.

A signature is appended; what was signed before stays as it is. Nothing is certified (DocMDP), since others sign after
it. A visible one is set into a box of the paper, and looks as the page of PDF that is given for it.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from math import ceil, floor
from tempfile import NamedTemporaryFile
from typing import Any, Literal

from sopctl.adapters.asking import Lost, NotSent, ask
from sopctl.adapters.signing.examining import brought, context, signer_of
from sopctl.errors import InvalidRecord, OutsideFailure, SopctlError, UsageError, in_words, missing_extra
from sopctl.model.signing.signatures import Signer, Trust
from sopctl.model.text import printable

Wanted = Literal["b-b", "b-t", "b-lta"]

TSA_SECONDS = 30.0
TSA_MOST = 64 * 1024
"""Bytes of a timestamp; real ones have some 6,000."""


@dataclass(frozen=True)
class Box:
    """Where a signature is seen: the page (from 1), and the rectangle in points from the page's lower left corner."""

    page: int
    left: float
    bottom: float
    width: float
    height: float

    @property
    def corners(self) -> tuple[int, int, int, int]:
        """Left, bottom, right and top, in whole points, within the box."""
        return (
            ceil(self.left),
            ceil(self.bottom),
            floor(self.left + self.width),
            floor(self.bottom + self.height),
        )


@dataclass(frozen=True)
class Look:
    """How a signature is seen: where, and the PDF of one page that is drawn there."""

    box: Box
    appearance: bytes


@dataclass(frozen=True)
class Key:
    """A key that signs, ready for use, and whose it is. `handle` is pyHanko's."""

    handle: Any
    signer: Signer
    until: datetime


def _library() -> Any:
    try:
        from pyhanko.sign import signers
    except ImportError:
        raise missing_extra("sign") from None
    return signers


def pkcs12(content: bytes, passphrase: str, where: str) -> Key:
    """The key of a PKCS#12 file. Raises InvalidRecord for another passphrase or a file that is none."""
    signers = _library()
    try:
        handle = signers.SimpleSigner.load_pkcs12_data(content, other_certs=(), passphrase=passphrase.encode())
    except (ValueError, TypeError, AttributeError):
        handle = None
    if handle is None or handle.signing_cert is None:
        raise InvalidRecord(
            "pkcs12-not-opened",
            "the PKCS#12 file does not open: the passphrase is another, or it holds no key with its certificate",
            remedy="Check the passphrase first. If it is right, export the key again, together with its certificate.",
            where=where,
        )
    return _key(handle)


@contextmanager
def pkcs11(module: str, token: str, label: str, pin: str) -> Iterator[Key]:
    """The key of a token, while the block lasts: the library of its maker, the token's label, the key's and its
    certificate's label. Raises OutsideFailure, InvalidRecord for a wrong PIN."""
    _library()
    import pkcs11 as standard
    from pyhanko.config.pkcs11 import TokenCriteria
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session

    try:
        session = open_pkcs11_session(module, token_criteria=TokenCriteria(label=token), user_pin=pin)
    except (standard.exceptions.PinIncorrect, standard.exceptions.PinLenRange, standard.exceptions.PinInvalid):
        raise InvalidRecord(
            "pin-wrong",
            "the token {token} refuses the PIN; it locks itself after a few",
            remedy=(
                "Be sure of the PIN before you try again. The token's owner can set another one, with its "
                "maker's own program."
            ),
            where=module,
            token=token,
        ) from None
    except standard.exceptions.PinLocked:
        raise OutsideFailure(
            "pin-locked",
            "the token {token} has locked itself",
            remedy="The token's owner unlocks it with the PUK, with its maker's own program.",
            where=module,
            token=token,
        ) from None
    except (standard.exceptions.PKCS11Error, RuntimeError, OSError, ValueError) as error:
        raise OutsideFailure(
            "token-not-opened",
            "the token {token} cannot be opened: {reason}",
            remedy="See whether the token is plugged in, and signing.token in sopctl.yml names its module and label.",
            where=module,
            token=token,
            reason=printable(f"{type(error).__name__} {in_words(error)}", 200),
        ) from None
    try:
        try:
            handle = PKCS11Signer(session, cert_label=label, key_label=label)
            key = _key(
                PKCS11Signer(session, cert_label=label, key_label=label, use_raw_mechanism=_raw(session, handle))
            )
        except (standard.exceptions.PKCS11Error, PdfError, SigningError, ValueError, AttributeError) as error:
            raise OutsideFailure(
                "token-without-key",
                "the token {token} has no key with a certificate called {label}: {reason}",
                remedy="Name its key's label in sopctl.yml (signing.token), as pkcs11-tool --list-objects shows it.",
                where=module,
                token=token,
                label=label,
                reason=printable(str(error), 200),
            ) from None
        yield key
    finally:
        session.close()


def _raw(session: Any, handle: Any) -> bool:
    """Must the hash be made here? Not every token makes it in one step with the signature."""
    from pkcs11 import Mechanism

    wanted = {"ec": Mechanism.ECDSA_SHA256, "rsa": Mechanism.SHA256_RSA_PKCS}
    algorithm = handle.signing_cert.public_key.algorithm
    return algorithm in wanted and wanted[algorithm] not in session.token.slot.get_mechanisms()


def _key(handle: Any) -> Key:
    certificate = handle.signing_cert
    return Key(handle, signer_of(certificate), certificate["tbs_certificate"]["validity"]["not_after"].native)


def trial(cn: str) -> Key:
    """A key of this moment that nobody trusts, for a preview."""
    signers = _library()
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
    from cryptography.x509.oid import NameOID

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn[:64] or "-")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    content = pkcs12.serialize_key_and_certificates(b"x", key, made.sign(key, hashes.SHA256()), None, NoEncryption())
    return _key(signers.SimpleSigner.load_pkcs12_data(content, other_certs=(), passphrase=None))


def sign(
    content: bytes,
    key: Key,
    *,
    field: str,
    look: Look | None = None,
    level: Wanted = "b-b",
    tsa: str = "",
    trust: Trust | None = None,
    now: datetime | None = None,
) -> bytes:
    """`content` with one signature more, in a field called `field`; timestamped by the authority at the URL `tsa` for
    the levels above `b-b`. For `b-lta`, `trust` must show that nothing was revoked.

    Raises UsageError for a level without what it needs, OutsideFailure where the authority gives none.
    """
    signers = _library()
    from pkcs11.exceptions import PKCS11Error
    from pyhanko.pdf_utils.content import ImportedPdfPage
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.layout import AxisAlignment, SimpleBoxLayoutRule
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
    from pyhanko.sign.general import SigningError
    from pyhanko.stamp import StaticStampStyle
    from pyhanko_certvalidator.errors import PathError, ValidationError

    if level != "b-b" and not tsa:
        raise UsageError(
            "no-tsa",
            "a signature of level {level} needs a timestamp authority",
            remedy="Name one in sopctl.yml (signing.tsa), or sign without a timestamp: signing: {level: b-b}.",
            level=level.upper(),
        )
    settings: dict[str, Any] = {}
    if level == "b-lta":
        settings = {
            "embed_validation_info": True,
            "use_pades_lta": True,
            "validation_context": context(_with_brought(trust or Trust(), content), now),
        }
    try:
        out = BytesIO()
        with NamedTemporaryFile(suffix=".pdf") as appearance:  # the library opens it by its name
            spec = style = None
            if look:
                appearance.write(look.appearance)
                appearance.flush()
                spec = SigFieldSpec(field, on_page=look.box.page - 1, box=look.box.corners)
                filled = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID)
                style = StaticStampStyle(
                    border_width=0,
                    background=ImportedPdfPage(appearance.name),
                    background_opacity=1.0,
                    background_layout=filled,
                )
            signers.PdfSigner(
                signers.PdfSignatureMetadata(
                    field_name=field, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, **settings
                ),
                key.handle,
                timestamper=_stamper(tsa) if level != "b-b" else None,
                stamp_style=style,
                new_field_spec=spec,
            ).sign_pdf(IncrementalPdfFileWriter(BytesIO(content)), output=out)
    except SopctlError:
        raise
    except (PdfError, PathError, ValidationError, SigningError, PKCS11Error, ValueError, OSError) as error:
        raise OutsideFailure(
            "not-signed",
            "the paper could not be signed: {reason}",
            remedy=(
                "Nothing was recorded. The reason names what failed: the key or token, its certificates "
                "(certificates/), or the paper."
            ),
            reason=printable(str(in_words(error)), 300),
        ) from None
    return out.getvalue()


def _with_brought(trust: Trust, content: bytes) -> Trust:
    """`trust` with the proofs that a paper has from those who signed it before."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    file = brought(PdfFileReader(BytesIO(content), strict=False))
    others, crls, ocsps = trust.others + file.others, trust.crls + file.crls, trust.ocsps + file.ocsps
    return Trust(trust.roots, others, crls, ocsps)


def _stamper(url: str) -> Any:
    """An RFC 3161 client that asks in bounds."""
    from asn1crypto import tsp
    from pyhanko.sign.timestamps import TimeStamper

    class Stamper(TimeStamper):
        async def async_request_tsa_response(self, req: Any) -> Any:
            return tsp.TimeStampResp.load(timestamp_answer(url, req.dump()))

    return Stamper()  # type: ignore[no-untyped-call]  # its base has no types


def timestamp(url: str, data: bytes) -> bytes:
    """What the timestamp authority at `url` answers (RFC 3161) when it is asked to stamp `data`, of which it is sent
    the SHA-256 alone. Raises OutsideFailure."""
    try:
        from asn1crypto import algos, core, tsp
    except ImportError:
        raise missing_extra("sign") from None
    imprint = {"hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"})}
    imprint["hashed_message"] = core.OctetString(hashlib.sha256(data).digest())
    question = tsp.TimeStampReq(
        {"version": 1, "message_imprint": tsp.MessageImprint(imprint), "nonce": secrets.randbits(63), "cert_req": True}
    )
    answer = timestamp_answer(url, question.dump())
    try:
        status = tsp.TimeStampResp.load(answer, strict=True)["status"]["status"].native
    except (ValueError, KeyError, TypeError):
        status = "unreadable"
    if status not in ("granted", "granted_with_mods"):
        raise OutsideFailure(
            "tsa-gave-none",
            "the timestamp authority gave no timestamp: {status}",
            remedy="Try again later, or name another authority in sopctl.yml (signing.tsa).",
            status=status,
        )
    return answer


def timestamp_answer(url: str, question: bytes) -> bytes:
    """What the timestamp authority at `url` answers (RFC 3161, 3.4). Raises OutsideFailure."""
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    try:
        answer = ask(url, question, headers, seconds=TSA_SECONDS, most=TSA_MOST)
    except (NotSent, Lost) as error:
        raise OutsideFailure(
            "tsa-unreachable",
            "the timestamp authority gave no answer: {reason}",
            where=url,
            remedy="Try again later, or sign without a timestamp: signing: {level: b-b} in sopctl.yml.",
            reason=str(error),
        ) from None
    if answer.status != 200 or answer.headers.get("content-type", "") != "application/timestamp-reply":
        raise OutsideFailure(
            "tsa-refused",
            "the timestamp authority answered {status}, and no timestamp",
            remedy="See whether signing.tsa in sopctl.yml is its address; or try again later.",
            where=url,
            status=answer.status,
        )
    return answer.body
