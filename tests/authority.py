"""A certificate authority of the tests: a root, an authority below it, signers, revocation lists, and a timestamp
authority that answers on loopback as RFC 3161 says (`openssl ts` behind a small HTTP server)."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from sopctl.model.signing.signatures import Trust

PASSPHRASE = "rahasia uji"
YEAR = timedelta(days=365)

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
"""SoftHSM2, which stands in for a token."""
PIN = "73915046"

_USES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


@dataclass(frozen=True)
class Identity:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def sha256(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()


@dataclass
class Authority:
    """A root and an authority below it that issues signers' certificates, from `now` minus a year on."""

    now: datetime
    name: str = "Uji"
    url: str = ""
    """Where it publishes what was revoked; nowhere, if empty."""
    revoked: dict[int, datetime] = field(default_factory=dict)
    issued: dict[str, list[int]] = field(default_factory=dict)
    """The serial numbers of what each issuer (its SHA-256) has issued."""

    def __post_init__(self) -> None:
        self.root = self._issue(f"Akar {self.name}", None, ca=True, years=20)
        self.middle = self._issue(f"Penerbit {self.name}", self.root, ca=True, years=10)

    def signer(self, cn: str, *, begin: datetime | None = None, end: datetime | None = None) -> Identity:
        """A person's certificate for signing documents."""
        return self._issue(cn, self.middle, begin=begin, end=end)

    def program(self, cn: str = "program") -> Identity:
        """A certificate with which programs are signed, and no documents."""
        return self._issue(cn, self.middle, purpose=ExtendedKeyUsageOID.CODE_SIGNING)

    def server(self, cn: str = "web", *, name: str = "") -> Identity:
        """A certificate that is for TLS servers (one of this host `name`) and not for documents."""
        purpose, usage = ExtendedKeyUsageOID.SERVER_AUTH, "digital_signature" if name else "key_encipherment"
        return self._issue(cn, self.middle, purpose=purpose, usage=usage, name=name)

    def alone(self, cn: str) -> Identity:
        """A certificate that no authority has issued: its own key has signed it."""
        return self._issue(cn, None, usage="key_encipherment")

    def timestamper(self) -> Identity:
        """The timestamp authority's certificate."""
        return self._issue("Waktu Uji", self.middle, purpose=ExtendedKeyUsageOID.TIME_STAMPING)

    def revoke(self, who: Identity, on: datetime) -> None:
        """From now on the revocation lists have it."""
        self.revoked[who.certificate.serial_number] = on

    def crl(self, at: datetime | None = None, by: ec.EllipticCurvePrivateKey | None = None) -> tuple[bytes, bytes]:
        """The revocation lists of the root and of the authority below it, as made at `at` and for a month (DER);
        signed with the key `by`, where that is another's."""
        made = []
        for issuer in (self.root, self.middle):
            began = at or self.now
            builder = (
                x509.CertificateRevocationListBuilder()
                .issuer_name(issuer.certificate.subject)
                .last_update(began - timedelta(hours=1))
                .next_update(began + timedelta(days=30))
                .add_extension(x509.CRLNumber(1), critical=False)
                .add_extension(
                    x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
                )
            )
            for serial, on in self.revoked.items():
                if on <= began:
                    revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(on).build()
                    builder = builder.add_revoked_certificate(revoked)
            made.append(builder.sign(by or issuer.key, hashes.SHA256()).public_bytes(Encoding.DER))
        return made[0], made[1]

    def answer(
        self, about: Identity, *, by: Identity | None = None, revoked: datetime | None = None, days: int = 0
    ) -> bytes:
        """An OCSP answer (DER) about a signer, of so many days from now on and for a week; signed for the authority by
        `by`, or by it itself."""
        status, made = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD, self.now + timedelta(days)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=about.certificate,
            issuer=self.middle.certificate,
            algorithm=hashes.SHA1(),  # it names, no more
            cert_status=status,
            this_update=made - timedelta(hours=1),
            next_update=made + timedelta(days=7),
            revocation_time=revoked,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, (by or self.middle).certificate)
        if by:
            builder = builder.certificates([by.certificate])
        return builder.sign((by or self.middle).key, hashes.SHA256()).public_bytes(Encoding.DER)

    def responder(self) -> Identity:
        """A certificate for answering in the authority's name."""
        return self._issue("Penjawab Uji", self.middle, purpose=ExtendedKeyUsageOID.OCSP_SIGNING)

    def trust(self, *, crls: bool = True, at: datetime | None = None) -> Trust:
        """What a site has at hand of this authority."""
        return Trust((self.root.der,), (self.middle.der,), self.crl(at) if crls else ())

    def p12(self, who: Identity, passphrase: str = PASSPHRASE) -> bytes:
        """A PKCS#12 file of a signer, with the chain."""
        chain = [self.middle.certificate, self.root.certificate]
        sealed = BestAvailableEncryption(passphrase.encode())
        return pkcs12.serialize_key_and_certificates(b"x", who.key, who.certificate, chain, sealed)

    def _published(self, name: str) -> tuple[x509.ExtensionType, x509.ExtensionType]:
        where = [x509.UniformResourceIdentifier(f"{self.url}/{name}.crl")]
        answers = x509.UniformResourceIdentifier(f"{self.url}/ocsp/{name}")
        return (
            x509.CRLDistributionPoints([x509.DistributionPoint(where, None, None, None)]),
            x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, answers)]),
        )

    def _issue(
        self,
        cn: str,
        issuer: Identity | None,
        *,
        ca: bool = False,
        years: int = 2,
        purpose: x509.ObjectIdentifier | None = None,
        usage: str = "content_commitment",
        name: str = "",
        begin: datetime | None = None,
        end: datetime | None = None,
    ) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)])
        of = issuer.certificate.subject if issuer else subject
        uses = dict.fromkeys(_USES, False)
        uses |= {"key_cert_sign": True, "crl_sign": True} if ca else {usage: True}
        if not ca and usage == "content_commitment":
            uses["digital_signature"] = True
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(of)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin or self.now - YEAR)
            .not_valid_after(end or self.now + years * YEAR)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**uses), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key((issuer.key if issuer else key).public_key()),
                critical=False,
            )
        )
        if name:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        if self.url and issuer:
            of_root = issuer is not getattr(self, "middle", None)
            for extension in self._published("akar" if of_root else "penerbit"):
                builder = builder.add_extension(extension, critical=False)
        if purpose:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        if purpose == ExtendedKeyUsageOID.OCSP_SIGNING:  # nobody asks about who answers
            builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
        made = Identity(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)
        if issuer:
            self.issued.setdefault(issuer.sha256, []).append(made.certificate.serial_number)
        return made


_TS = """[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/chain.pem
signer_key = {folder}/tsa.key
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
signer_digest = sha256
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@contextmanager
def timestamps(authority: Authority, folder: Path) -> Iterator[str]:
    """A timestamp authority on loopback; its URL. It tells the real time."""
    who = authority.timestamper()
    (folder / "tsa.pem").write_bytes(who.pem)
    (folder / "tsa.key").write_bytes(who.key_pem)
    (folder / "chain.pem").write_bytes(authority.middle.pem)
    (folder / "serial").write_text("01\n")
    (folder / "ts.cnf").write_text(_TS.format(folder=folder))

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *words: object) -> None:
            pass

        def do_POST(self) -> None:
            (folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            words = ["openssl", "ts", "-reply", "-config", str(folder / "ts.cnf"), "-section", "one"]
            made = subprocess.run(
                [*words, "-queryfile", str(folder / "query")], capture_output=True, check=True, timeout=60
            ).stdout
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(made)))
            self.end_headers()
            self.wfile.write(made)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def publishing(folder: Path, now: datetime, *, says: tuple[str, ...] = ("crl", "ocsp")) -> Iterator[Authority]:
    """An authority that publishes on loopback what it has revoked: lists, and answers by `openssl ocsp`. `says`: which
    of them it does; to other questions it says 404."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *words: object) -> None:
            pass

        def do_GET(self) -> None:
            lists = dict(zip(("/akar.crl", "/penerbit.crl"), authority.crl(), strict=True))
            self.answer(lists.get(self.path) if "crl" in says else None, "application/pkix-crl")

        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            issuer = {"/ocsp/akar": authority.root, "/ocsp/penerbit": authority.middle}.get(self.path)
            there = issuer is not None and "ocsp" in says
            self.answer(
                _ocsp(authority, issuer, question, folder) if there and issuer else None, "application/ocsp-response"
            )

        def answer(self, content: bytes | None, kind: str) -> None:
            self.send_response(200 if content else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    authority = Authority(now, url=f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _ocsp(authority: Authority, issuer: Identity, question: bytes, folder: Path) -> bytes:
    """What OpenSSL's responder answers for an issuer, which signs it itself."""
    lines = []
    for serial in authority.issued.get(issuer.sha256, ()):
        on = authority.revoked.get(serial)
        state, since = ("R", f"{on:%y%m%d%H%M%SZ}") if on and on <= authority.now else ("V", "")
        lines.append(f"{state}\t491231235959Z\t{since}\t{serial:X}\tunknown\t/CN={serial:X}\n")
    with TemporaryDirectory(dir=folder) as own:
        here = Path(own)
        (here / "index.txt").write_text("".join(lines))
        (here / "ca.pem").write_bytes(issuer.pem)
        (here / "ca.key").write_bytes(issuer.key_pem)
        (here / "question").write_bytes(question)
        words = ["openssl", "ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key"]
        words += ["-reqin", "question", "-respout", "answer", "-ndays", "7"]
        subprocess.run(words, cwd=here, check=True, capture_output=True, timeout=60)
        return (here / "answer").read_bytes()


def real_now() -> datetime:
    """The time of the machine, which a timestamp tells."""
    return datetime.now(UTC).replace(microsecond=0)


@contextmanager
def a_token(who: Identity, folder: Path) -> Iterator[str]:
    """A token (SoftHSM2) with a key and its certificate, both called `kunci`; its label. Its PIN is `PIN`. SoftHSM2
    reads where its tokens are once in a process: all are in the folder of the first, each with a name that none had."""
    import pkcs11

    before = os.environ.get("SOFTHSM2_CONF")
    if before is None:
        (folder / "tokens").mkdir()
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    label, key = f"uji-{token_hex(6)}", folder / "key.pem"
    key.write_bytes(who.key_pem)
    made = ["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "4321"]
    put = ["--import", str(key), "--token", label, "--label", "kunci", "--id", "01", "--pin", PIN]
    for words in (made, put):
        subprocess.run(["softhsm2-util", *words], check=True, timeout=60, capture_output=True)
    library = pkcs11.lib(MODULE)
    library.reinitialize()  # it knows the tokens that there were when it was loaded
    with library.get_token(token_label=label).open(user_pin=PIN, rw=True) as session:
        session.create_object(
            {
                pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                pkcs11.Attribute.TOKEN: True,
                pkcs11.Attribute.LABEL: "kunci",
                pkcs11.Attribute.ID: b"\x01",
                pkcs11.Attribute.SUBJECT: who.certificate.subject.public_bytes(),
                pkcs11.Attribute.VALUE: who.der,
            }
        )
    yield label
