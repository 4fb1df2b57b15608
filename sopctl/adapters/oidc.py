"""An identity provider that says who somebody is (OpenID Connect Core 1.0, code flow with PKCE), by Authlib.

The provider is the office's, named in sopctl.yml; what comes back through a browser is anybody's. So the code is
exchanged here, and the ID token counts only with a signature of the provider's published keys, by an algorithm of ours,
for us, now, and for this very login (nonce).
"""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct

from sopctl.adapters import secured
from sopctl.errors import NotNow, OutsideFailure, missing_extra
from sopctl.model.text import printable

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Signatures that only the provider can make: never `none`, nor one that the client's own secret makes."""
SCOPE = "openid email profile"
SECONDS = 10.0
"""For connecting, and between two parts of an answer."""
ANSWER_SECONDS = 20.0
ANSWER_BYTES = 512 * 1024
"""For one answer, and of one."""
METADATA_SECONDS = 300.0
"""How long it counts what the provider says of itself."""
LEEWAY = 60
"""Seconds by which the provider's clock may differ."""
_known: dict[str, tuple[float, dict[str, Any]]] = {}
_AT_ONCE = threading.BoundedSemaphore(4)
"""A provider that hangs holds up logins through it, and nothing else."""


class Provider(Struct, frozen=True):
    """The provider, and as whom we ask it. `secret` is empty for a client that has none."""

    issuer: str
    client: str
    secret: str
    back: str
    """Where the browser comes back to."""


class Begun(Struct, frozen=True):
    """A login that was begun: where the browser goes, and what is to be kept of it."""

    address: str
    state: str
    nonce: str
    verifier: str


def begin(provider: Provider) -> Begun:
    """Begin a login. Raises OutsideFailure when the provider cannot be asked."""
    with _asking(provider) as session:
        metadata = _metadata(session, provider)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        address, _ = session.create_authorization_url(
            _endpoint(metadata, "authorization_endpoint"), state=state, nonce=nonce, code_verifier=verifier
        )
    return Begun(str(address), state, nonce, verifier)


def finish(provider: Provider, begun: Begun, code: str, wanted_claim: str) -> dict[str, Any]:
    """What the provider says of who logged in: the claims of the ID token, and where it lacks `wanted_claim`, those
    that the provider tells when asked (OpenID Connect Core 1.0, 5.3). Raises NotNow for a code or token that is not
    good, OutsideFailure when the provider cannot be asked."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.jwk import KeySet
    from joserfc.jws import JWSRegistry

    with _asking(provider) as session:
        metadata = _metadata(session, provider)
        token = session.fetch_token(
            _endpoint(metadata, "token_endpoint"),
            code=code,
            code_verifier=begun.verifier,
            grant_type="authorization_code",
        )
        keys = session.request("GET", _endpoint(metadata, "jwks_uri"), withhold_token=True).json()
        read = jwt.decode(
            token["id_token"],
            KeySet.import_key_set(keys),
            registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False),
        )
        wanted = {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client},
            "nonce": {"essential": True, "value": begun.nonce},
        }
        about = {"nonce": begun.nonce, "client_id": provider.client, "access_token": token.get("access_token")}
        claims = CodeIDToken(read.claims, read.header, wanted, about)
        claims.validate(leeway=LEEWAY)
        found = dict(claims)
        if wanted_claim not in found and "userinfo_endpoint" in metadata:
            told = session.get(_endpoint(metadata, "userinfo_endpoint")).json()
            if not isinstance(told, dict) or told.get("sub") != found["sub"]:
                raise ValueError("it tells of somebody else than who logged in")
            found = {**told, **found}
        return found


def _metadata(session: Any, provider: Provider) -> dict[str, Any]:
    """What the provider says of itself; asked again after a while, and not by each stranger who begins a login."""
    at, known = _known.get(provider.issuer, (0.0, {}))
    if not known or time.monotonic() - at > METADATA_SECONDS:
        known = _asked(session, provider)
        _known[provider.issuer] = (time.monotonic(), known)
    return known


def _asked(session: Any, provider: Provider) -> dict[str, Any]:
    found = session.request("GET", f"{provider.issuer}/.well-known/openid-configuration", withhold_token=True)
    found.raise_for_status()
    metadata = found.json()
    if not isinstance(metadata, dict) or metadata.get("issuer") != provider.issuer:
        raise ValueError("it calls itself by another name than sopctl.yml does")
    return metadata


def _endpoint(metadata: dict[str, Any], name: str) -> str:
    """An address that the provider names: encrypted, unless it is on this machine."""
    address = metadata.get(name)
    parts = urlsplit(address) if isinstance(address, str) else urlsplit("")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")):
        raise ValueError(f"its {name} is no encrypted address")
    return str(address)


@contextmanager
def _asking(provider: Provider) -> Iterator[Any]:
    """A session with the provider; its errors, and those of the libraries, in ours."""
    try:
        from authlib.common.errors import AuthlibBaseError
        from authlib.integrations.requests_client import OAuth2Session
        from joserfc.errors import JoseError
        from requests import RequestException
        from requests.adapters import HTTPAdapter
    except ImportError:
        raise missing_extra("oidc") from None

    class Bounded(OAuth2Session):  # type: ignore[misc]  # Authlib has no types
        """Never follows a redirect, and reads no endless answer."""

        def send(self, request: "PreparedRequest", **how: Any) -> "Response":
            answer = super().send(request, **{**how, "timeout": SECONDS, "allow_redirects": False, "stream": True})
            return _read_whole(answer)

    class Secured(HTTPAdapter):
        """This machine's authorities count, as elsewhere."""

        def init_poolmanager(self, *given: Any, **named: Any) -> None:
            super().init_poolmanager(*given, ssl_context=secured.verified(), **named)

    if not _AT_ONCE.acquire(timeout=SECONDS):
        raise _failed("others are logging in")
    try:
        with Bounded(
            provider.client,
            provider.secret or None,
            token_endpoint_auth_method="client_secret_basic" if provider.secret else "none",
            scope=SCOPE,
            redirect_uri=provider.back,
            code_challenge_method="S256",
        ) as session:
            session.trust_env = False
            session.mount("https://", Secured())
            yield session
    except (JoseError, AuthlibBaseError) as error:
        raise NotNow(
            "identity-not-proved",
            "the identity provider does not say who this is: {reason}",
            remedy="Log in again.",
            reason=_short(error),
        ) from error
    except (RequestException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _failed(_short(error)) from error
    finally:
        _AT_ONCE.release()


def _read_whole(answer: "Response") -> "Response":
    content, until = bytearray(), time.monotonic() + ANSWER_SECONDS
    while part := answer.raw.read1(65536, decode_content=True):
        content += part
        if len(content) > ANSWER_BYTES or time.monotonic() > until:
            answer.close()
            raise ValueError("its answer is too long, or takes too long")
    answer._content = bytes(content)  # where requests itself puts what it has read
    answer._content_consumed = True  # the same
    return answer


def _failed(reason: str) -> OutsideFailure:
    return OutsideFailure(
        "identity-provider-failed",
        "the identity provider cannot be asked: {reason}",
        remedy="Try again later, or log in with a password. If it lasts, see page.oidc in sopctl.yml.",
        reason=reason,
    )


def _short(error: Exception) -> str:
    return printable(str(error))[:200]
