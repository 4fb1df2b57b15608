"""What the signatures of a PDF are worth, by pyHanko. It reads files of strangers: `apart.py` runs it in a process of
its own, bounded in memory and time.

A signature is judged at the time that is proven for it: that of its timestamp, if the timestamp itself can be checked,
and of the document timestamps over it; without any, now. Revocation is never assumed away (`require`): where neither
the site's files nor those in the PDF say anything, the word is `not-checked`. What the site has at hand is asked before
what the file brings: an old list in a file must not hide a newer one here.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import structs

from sopctl.adapters.signing import pages
from sopctl.errors import missing_extra
from sopctl.model.signing.signatories import MAX_SHOWN
from sopctl.model.signing.signatures import Change, Examined, Level, Signature, Signer, Source, Stamped, Trust, Word
from sopctl.model.text import printable

if TYPE_CHECKING:
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
    from pyhanko_certvalidator import ValidationContext

MAX_SIGNATURES = 50
MAX_SOURCES = 20
"""How many places are named where it may be asked whether certificates were revoked."""
MAX_BROUGHT = 200
"""How many certificates, CRLs and OCSP answers of a file are read."""
CLOCKS = timedelta(minutes=5)
"""How far the clock of a timestamp authority may be ahead of ours."""

MAX_REVISIONS = 200
"""Of how many revisions of a file the signatures are looked at."""
MAX_READINGS = 200_000
"""How many elements of a document's structure are read."""
MAX_URL = 500
_LONGEST = 200
"""Characters of a name in a certificate."""


def examine(content: bytes, trust: Trust, now: datetime, issued: bytes | None = None) -> Examined:
    """The signatures of a PDF, and how it differs from the paper that was `issued` (where there is one to compare
    with).

    A file that cannot be read has a `problem`. Raises OutsideFailure where the extra is missing.
    """
    try:
        import pyhanko.sign.validation  # noqa: F401
        import pypdfium2  # noqa: F401
    except ImportError:
        raise missing_extra("sign") from None
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # what it would log, the words here say
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    try:
        return asyncio.run(_examine(content, trust, now, issued))
    except pages.Unreadable as error:
        return Examined(problem=printable(str(error), _LONGEST))
    except MemoryError:
        return Examined(problem="it takes too much memory")
    except Exception as error:  # noqa: BLE001  # a stranger's file: whatever it does to the library, it is not good
        said = str(error) if type(error).__module__.startswith("pyhanko") else type(error).__name__
        return Examined(problem=printable(f"it is malformed ({said})", _LONGEST))


def examine_timestamp(answer: bytes, data: bytes, trust: Trust, now: datetime) -> tuple[Stamped, tuple[Source, ...]]:
    """What the answer of a timestamp authority (RFC 3161, 2.4.2) is worth for `data`, and where what is not known of
    revocation may be asked for. Raises OutsideFailure where the extra is missing."""
    try:
        from asn1crypto import tsp
        from pyhanko.sign.general import SigningError
        from pyhanko.sign.validation.errors import SignatureValidationError
    except ImportError:
        raise missing_extra("sign") from None
    judge = _Judge(Trust(), trust, now)
    try:
        signed = tsp.TimeStampResp.load(answer, strict=True)["time_stamp_token"]["content"]
        said = signed["encap_content_info"]["content"].parsed
        imprint, at = said["message_imprint"], said["gen_time"].native
        whose = _name(next(each.chosen for each in signed["certificates"]).issuer.native)
        same = imprint["hash_algorithm"]["algorithm"].native == "sha256"
        if not same or imprint["hashed_message"].native != hashlib.sha256(data).digest():
            return Stamped("broken", at, whose), ()
        word = asyncio.run(judge.stamped(signed))
    except (SignatureValidationError, SigningError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return Stamped("unreadable"), ()
    return Stamped(word, at, whose), tuple(judge.wanted)[:MAX_SOURCES]


async def _examine(content: bytes, trust: Trust, now: datetime, issued: bytes | None) -> Examined:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.fields import enumerate_sig_fields

    reader = PdfFileReader(BytesIO(content), strict=False)
    filled = sum(1 for _ in enumerate_sig_fields(reader, filled_status=True))
    try:
        every = reader.embedded_signatures
    except (ValueError, TypeError, KeyError, AttributeError):  # one that cannot be parsed hides the others
        every = []
    if filled > MAX_SIGNATURES:
        return Examined(problem=f"it has {filled} signatures")
    judge = _Judge(brought(reader), trust, now)
    signatures = await judge.all(every)
    signatures += [Signature("", "unreadable")] * (filled - len(every))  # of a kind that the library passes over
    changes: dict[Change, None] = {}
    covered = bool(every) and _covers(every[-1], content)
    how: Any = ""
    if issued is not None:
        how = "appended" if content.startswith(issued) else "rewritten"
        changes = dict.fromkeys(pages.compare(issued, content))
        before = PdfFileReader(BytesIO(issued), strict=False)
        if not changes and not (_only_signed(before, reader) and (how == "rewritten" or _only_added(before, reader))):
            changes["more"] = None
    if reader.xrefs.hybrid_xrefs_present:
        changes["hybrid"] = None
    if _removed(reader):
        changes["removed"] = None
    if filled and not covered:
        changes["appended-after"] = None
    shown = _shown(content, signatures)
    closed = any(_closes(each) for each in every)
    return Examined(shown, how, tuple(changes), wanted=tuple(judge.wanted)[:MAX_SOURCES], closed=closed)


def _shown(content: bytes, signatures: Sequence[Signature]) -> tuple[Signature, ...]:
    """The signatures with what their boxes show."""
    if not signatures:
        return ()
    boxes = pages.boxes(content)
    every = ((each, boxes.get(each.field)) for each in signatures)
    return tuple(
        each if said is None else structs.replace(each, shows=printable(said, MAX_SHOWN)) for each, said in every
    )


def _closes(each: "EmbeddedPdfSignature") -> bool:
    """Would any signature after this one break it? So it is said, also of the field that it is in."""
    from pyhanko.sign.fields import MDPPerm
    from pyhanko.sign.validation.errors import SignatureValidationError

    try:
        locks = each.fieldmdp
        return each.docmdp_level == MDPPerm.NO_CHANGES or bool(locks and locks.is_locked(secrets.token_hex()))
    except (SignatureValidationError, ValueError, KeyError, TypeError, AttributeError):
        return False  # its word is another


def _covers(last: "EmbeddedPdfSignature", content: bytes) -> bool:
    """Does the last signature cover the file to its end, but for what proves it valid (PAdES B-LTA has that after
    it)?"""
    from pyhanko.sign.diff_analysis import ModificationLevel

    try:
        last.compute_integrity_info()
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    coverage = last.coverage.name if last.coverage else ""
    if coverage != "ENTIRE_REVISION":
        return coverage == "ENTIRE_FILE"
    level = getattr(last.diff_result, "modification_level", ModificationLevel.OTHER)
    proofs = level <= ModificationLevel.LTA_UPDATES and _same_fields(last.reader, last.signed_revision)
    return bool(proofs and content.rstrip().endswith(b"%%EOF") and _proofs_alone(last.reader, last.signed_revision + 1))


def _proofs_alone(reader: Any, first: int) -> bool:
    """Does every revision from this one on hold something, and nothing but what proves signatures valid (the document
    security store), the catalogue that leads there, and metadata? What nothing leads to is not seen, but hidden."""
    known = {_ref(reader.root_ref), _ref(reader.trailer.raw_get("/Info")) if "/Info" in reader.trailer else None}
    known |= {_ref(reader.root.raw_get(key)) for key in ("/Metadata", "/Extensions") if key in reader.root}
    known |= _leads_to(reader.root.raw_get("/DSS")) if "/DSS" in reader.root else set()
    for revision in range(first, reader.xrefs.total_revisions):
        here = {(each.idnum, each.generation) for each in reader.xrefs.explicit_refs_in_revision(revision)}
        if not here & known or not all(_of_file_itself(reader, each) for each in here - known):
            return False
    return True


def _leads_to(start: Any) -> set[tuple[int, int] | None]:
    """Which objects an object refers to, and those in turn, and itself."""
    found: set[tuple[int, int] | None] = set()
    left = [start]
    while left and len(found) <= MAX_READINGS:
        thing = left.pop()
        if hasattr(thing, "idnum"):
            if _ref(thing) in found:
                continue
            found.add(_ref(thing))
            thing = thing.get_object()
        if isinstance(thing, dict):
            left += dict.values(thing)  # as it is written, references not followed
        elif isinstance(thing, list):
            left += list.__iter__(thing)
    return found


def _of_file_itself(reader: Any, ref: tuple[int, int]) -> bool:
    """Is an object only how the file is written: a cross-reference stream, or one that holds objects (ISO 32000-1,
    7.5.7 and 7.5.8)?"""
    from pyhanko.pdf_utils.generic import Reference

    thing = reader.get_object(Reference(*ref, reader))
    return isinstance(thing, dict) and _value(thing, "/Type") in ("/XRef", "/ObjStm")


def _same_fields(reader: Any, revision: int) -> bool:
    """Is the form, with all its fields, what it was in a revision?"""
    then = reader.get_historical_resolver(revision)
    if "/AcroForm" not in then.root or "/AcroForm" not in reader.root:
        return False
    every = [handler.root["/AcroForm"] for handler in (then, reader)]
    one, other = ([_written(form), *(_written(each.get_object()) for each in form["/Fields"])] for form in every)
    return one == other and _refs_of(then) == _refs_of(reader)


def _refs_of(handler: Any) -> list[bytes]:
    """Which fields a form has, in order."""
    return [_written(each) for each in handler.root["/AcroForm"]["/Fields"]]


def _removed(reader: Any) -> bool:
    """Is a signature gone that an earlier revision of the file has?"""
    from pyhanko.sign.fields import enumerate_sig_fields

    def signatures(handler: Any) -> set[bytes]:
        every = (value for _, value, _ in enumerate_sig_fields(handler, filled_status=True))
        return {_written(value.get_object()["/Contents"]) for value in every}

    now = signatures(reader)
    earlier = range(min(reader.xrefs.total_revisions - 1, MAX_REVISIONS))
    return any(signatures(reader.get_historical_resolver(each)) - now for each in earlier)


def _only_added(issued: Any, found: Any) -> bool:
    """Is no object of the issued file replaced but the catalogue, the pages and their annotations, the form and the
    metadata, and have those their other values still? A content, a font or what screen readers read may be replaced
    without being seen."""
    old, refs = issued.xrefs, {(each.idnum, each.generation) for each in _refs(issued, 0)}
    allowed = {_ref(found.root_ref), _ref(found.trailer.raw_get("/Info")) if "/Info" in found.trailer else None}
    for reader in (issued, found):
        allowed |= {_ref(reader.root.raw_get(key)) for key in ("/AcroForm", "/Metadata") if key in reader.root}
    for each in range(int(issued.root["/Pages"]["/Count"])):
        page = issued.find_page_for_modification(each)[0]
        allowed |= {_ref(page), _ref(page.get_object().raw_get("/Annots")) if "/Annots" in page.get_object() else None}
    later = {_ref(each) for each in _refs(found, old.total_revisions)}
    pairs = [(issued.root, found.root, _SIGNED)]
    every = zip(_page_dictionaries(issued), _page_dictionaries(found), strict=True)
    pairs += [(one, other, {"/Annots", "/Tabs"}) for one, other in every]
    kept = all(
        key in other and _written(one.raw_get(key)) == _written(other.raw_get(key))
        for one, other, free in pairs
        for key in set(one) - free
    )
    return kept and not (later & refs) - allowed and _described(issued) == _described(found)


def _written(thing: Any) -> bytes:
    """An object as a file has it; of a reference, which object that is."""
    out = BytesIO()
    thing.write_to_stream(out, None)
    return out.getvalue()


def _refs(reader: Any, first: int) -> Iterator[Any]:
    for revision in range(first, reader.xrefs.total_revisions):
        yield from reader.xrefs.explicit_refs_in_revision(revision)


def _ref(thing: Any) -> tuple[int, int] | None:
    """Which object it is, or refers to; None for one that stands in another."""
    if not hasattr(thing, "idnum"):
        return None
    return thing.idnum, thing.generation


def _only_signed(issued: Any, found: Any) -> bool:
    """Has the document nothing more than the issued one but signature fields, what proves them, and its metadata?
    Actions, scripts, layers and files would be more. What its pages show is compared apart."""
    titled = _titles(issued) == _titles(found) and _described(found) <= _described(issued)
    titled = titled and ("/StructTreeRoot" not in found.root or _readings(found) == _readings(issued))
    drawn = any(_draws(box) for page in _page_dictionaries(found) for box in _unsigned_boxes(found, page))
    if set(found.root) - set(issued.root) - _SIGNED or not titled or drawn:
        return False
    for one, other in zip(_page_dictionaries(issued), _page_dictionaries(found), strict=True):
        if set(other) - set(one) - {"/Annots", "/Tabs"}:
            return False
    form = {}
    if "/AcroForm" in found.root:  # its `get` does not follow references
        form = found.root["/AcroForm"]
    fields = list(form["/Fields"]) if "/Fields" in form else []
    if "/XFA" in form:
        return False
    seen = 0
    while fields:
        field, seen = fields.pop().get_object(), seen + 1
        fields += list(field["/Kids"]) if "/Kids" in field else []
        if seen > 2 * MAX_SIGNATURES or ("/FT" in field and field["/FT"] != "/Sig") or {"/A", "/AA"} & set(field):
            return False
    return True


def _readings(reader: Any) -> list[str]:
    """What screen readers read in place of the pages: alternatives, replacements and languages, from the structure's
    top."""
    found, left = [str(_value(reader.root, "/Lang"))], [_value(reader.root, "/StructTreeRoot")]
    while left and len(found) <= MAX_READINGS:
        element = left.pop()
        found.append("")  # one that refers to itself ends, too
        if isinstance(element, list):
            left += [each.get_object() for each in reversed(element)]
        elif isinstance(element, dict):
            found += [f"{key} {element[key]}" for key in ("/Alt", "/ActualText", "/E", "/Lang", "/T") if key in element]
            left.append(_value(element, "/K"))
    return found


def _unsigned_boxes(reader: Any, page: Any) -> Iterator[Any]:
    """The boxes of signature fields on a page in which nobody has signed. A timestamp is no one's signature."""
    from pyhanko.sign.fields import enumerate_sig_fields

    every = enumerate_sig_fields(reader, filled_status=True)
    signed = {_ref(field) for _, value, field in every if _value(value.get_object(), "/Type") != "/DocTimeStamp"}
    for each in _value(page, "/Annots") or ():
        box = each.get_object()
        if _value(box, "/Subtype") != "/Widget":
            continue
        if not {_ref(each), _ref(box.raw_get("/Parent")) if "/Parent" in box else None} & signed:
            yield box


def _draws(box: Any) -> bool:
    """Is anything drawn in a box? Empty ones come with an empty drawing, as PDF/A wants it."""
    left, bottom, right, top = map(float, box["/Rect"])
    if "/AP" not in box or left == right or bottom == top:
        return False
    drawing = getattr(_value(box["/AP"], "/N"), "data", None)  # none where there are several, for a box's states
    return drawing is None or bool(set(drawing.split()) - {b"q", b"Q"})


def _value(of: Any, key: str) -> Any:
    """A value, with references followed, which the library's `get` does not."""
    try:
        return of[key]
    except KeyError:
        return None


def _titles(reader: Any) -> list[str]:
    """What a viewer shows as the document's title and the like."""
    if "/Info" not in reader.trailer:  # its `get` does not follow references
        return []
    info = reader.trailer["/Info"]
    return [f"{key} {info[key]}" for key in ("/Title", "/Author", "/Subject", "/Keywords") if key in info]


def _described(reader: Any) -> set[str]:
    """The same in XMP (ISO 16684-1), which many viewers prefer."""
    from pyhanko.pdf_utils.metadata.xmp_xml import parse_xmp

    if "/Metadata" not in reader.root:
        return set()
    told = {"title", "creator", "description", "subject", "keywords"}
    every = parse_xmp(BytesIO(reader.root["/Metadata"].data))
    return {f"{name} {value}" for each in every for name, value in each if name.local_name.casefold() in told}


_SIGNED = {"/AcroForm", "/DSS", "/Extensions", "/Metadata", "/Perms", "/Version"}
"""What signing may add to a document's catalogue (ISO 32000-2, 7.7.2; ETSI EN 319 142-1)."""


def _page_dictionaries(reader: Any) -> Iterator[Any]:
    """The dictionaries of the pages, in order."""
    for number in range(int(reader.root["/Pages"]["/Count"])):
        yield reader.find_page_for_modification(number)[0].get_object()


class _Proven(NamedTuple):
    """A time, and whether a timestamp proves it."""

    at: datetime
    proven: bool


class _Judge:
    """Judges the signatures of one file, each at its time."""

    def __init__(self, brought: Trust, trust: Trust, now: datetime) -> None:
        self._trust, self._now = trust, now.astimezone(UTC)
        self._brought = brought
        """The certificates, CRLs and OCSP answers in the file itself (its DSS)."""
        self.wanted: dict[Source, None] = {}
        """Where it may be asked what is not known of revocation."""

    async def all(self, every: "Iterable[EmbeddedPdfSignature]") -> list[Signature]:
        """Each signature's verdict, in the order in which they were made."""
        moment, timed = _Proven(self._now, proven=False), []
        for each in reversed(list(every)):  # a timestamp of the document proves what is before it
            if each.sig_object_type == "/DocTimeStamp":
                found = await self._timestamp(each.signed_data, each.compute_digest, moment.at)
                timed.append((each, moment, found))
                moment = _Proven(found, proven=True) if found else moment
            else:
                timed.append((each, moment, None))
        archived = any(kind.sig_object_type == "/DocTimeStamp" and found for kind, _, found in timed)
        verdicts = []
        for each, before, found in reversed(timed):
            if each.sig_object_type == "/DocTimeStamp":
                if not found:
                    verdicts.append(await self._bad_timestamp(each, before.at))
            else:
                verdicts.append(await self._signature(each, before, archived=archived))
        return verdicts

    async def _signature(self, each: "EmbeddedPdfSignature", before: _Proven, *, archived: bool) -> Signature:
        from pyhanko.sign.validation import generic_cms
        from pyhanko.sign.validation.errors import SignatureValidationError
        from pyhanko.sign.validation.status import SignatureCoverageLevel

        name = printable(str(each.field_name), 100)
        try:
            signer = signer_of(each.signer_cert)
            each.compute_integrity_info()
            stamped, at = False, before
            for token in generic_cms.extract_tst_data_iter(each.signer_info, signed=False):
                stamped = True
                found = await self._timestamp(token, generic_cms.message_imprint_checker(each.signer_info), before.at)
                if found and found <= at.at:
                    at = _Proven(found, proven=True)
            word, because = await self._word(each.signed_data, each.compute_digest(), at.at)
        except (SignatureValidationError, ValueError, KeyError, TypeError, AttributeError) as error:
            return Signature(name, "unreadable", because=printable(str(error), _LONGEST))
        if word in ("good", "not-checked"):
            modified = each.summarise_integrity_info()["docmdp_ok"]
            if each.coverage < SignatureCoverageLevel.ENTIRE_REVISION or modified is False:
                word, because = "altered-since", ""
        level: Level = "B-T" if stamped else "B-B"
        if stamped and self._brought.crls + self._brought.ocsps:
            level = "B-LTA" if archived else "B-LT"
        own = each.self_reported_timestamp
        if at.proven:
            return Signature(name, word, signer, level, at.at, "tsa", because)
        return Signature(name, word, signer, level, own, "own-clock" if own else "", because)

    async def _bad_timestamp(self, each: "EmbeddedPdfSignature", moment: datetime) -> Signature:
        """The verdict of a document timestamp that does not hold: it proves nothing, and the file is not what it
        seems."""
        try:
            each.compute_integrity_info()
            word, because = await self._word(each.signed_data, each.compute_digest(), moment, timestamp=True)
            signer = signer_of(each.signer_cert)
        except Exception as error:  # noqa: BLE001
            return Signature(
                printable(str(each.field_name), 100), "unreadable", because=printable(str(error), _LONGEST)
            )
        word = "broken" if word == "good" else word
        return Signature(
            printable(str(each.field_name), 100), word, signer, because=f"timestamp; {because}".rstrip("; ")
        )

    async def _timestamp(self, token: Any, imprint: Any, moment: datetime) -> datetime | None:
        """The time that a timestamp proves; None where it is not one of a trusted authority, or nothing says whether
        that was revoked."""
        from pyhanko.sign.validation import generic_cms
        from pyhanko.sign.validation.errors import SignatureValidationError
        from pyhanko.sign.validation.status import TimestampSignatureStatus

        for context in self._contexts(moment):
            try:
                said = await generic_cms.validate_tst_signed_data(token, context, imprint)
            except (SignatureValidationError, ValueError):
                return None
            status = TimestampSignatureStatus(**said)
            if status.trusted and status.intact:
                return status.timestamp if status.timestamp <= self._now + CLOCKS else None
        status = TimestampSignatureStatus(
            **await generic_cms.validate_tst_signed_data(token, self._silent(moment), imprint)
        )
        if status.trusted and status.intact:
            self._want(status.validation_path)
        return None

    async def stamped(self, signed: Any) -> Word:
        """What a timestamp is worth now, whatever it is of."""
        return (await self._word(signed, b"", self._now, timestamp=True))[0]

    def _want(self, path: Any) -> None:
        """Note where the authorities of a path that leads to a trusted root say what was revoked."""
        every = list(path.iter_certs(include_root=True)) if path else []
        for issuer, certificate in pairwise(every):
            self.wanted.update(dict.fromkeys(sources(certificate, issuer)))

    async def _word(self, signed: Any, digest: bytes, moment: datetime, *, timestamp: bool = False) -> tuple[Word, str]:
        from pyhanko.sign.validation import generic_cms
        from pyhanko.sign.validation.settings import KeyUsageConstraints
        from pyhanko.sign.validation.status import SignatureStatus, TimestampSignatureStatus

        usage = None if timestamp else KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"})
        kind = TimestampSignatureStatus if timestamp else SignatureStatus
        more: dict[str, Any] = {"status_kwargs": {"timestamp": moment}, "status_cls": kind} if timestamp else {}
        last: tuple[Word, str] = ("unreadable", "")
        for context in self._contexts(moment):
            status = await generic_cms.async_validate_cms_signature(
                signed,
                raw_digest=None if timestamp else digest,
                validation_context=context,
                key_usage_settings=usage,
                **more,
            )
            last = _word_of(status)
            if last[0] != "not-checked":
                break
        by_itself = status.signing_cert.issuer == status.signing_cert.subject
        if last[0] == "wrong-purpose" and by_itself and status.signing_cert.dump() not in self._trust.roots:
            return "unknown-authority", ""
        if last[0] == "not-checked":  # is it only that which is missing?
            status = await generic_cms.async_validate_cms_signature(
                signed,
                raw_digest=None if timestamp else digest,
                validation_context=self._silent(moment),
                key_usage_settings=usage,
                **more,
            )
            if not status.trusted:
                return _out_of_time(status.validation_path, moment) or "wrong-purpose", ""
            self._want(status.validation_path)
        if last[0] in ("good", "not-checked"):
            if not timestamp and _for_machines(status.signing_cert):
                return "wrong-purpose", ""
            on = await self._revoked(status.validation_path, moment)
            if on:
                return "revoked", f"on {on:%Y-%m-%d}"
        return last

    async def _revoked(self, path: Any, moment: datetime) -> datetime | None:
        """When a certificate of a path was revoked before a moment, as any list or answer says that is at hand or in
        the file. The library asks until the first says that it was not: an older one would hide a newer one."""
        from pyhanko_certvalidator.errors import RevokedError
        from pyhanko_certvalidator.revinfo.validate_crl import verify_crl
        from pyhanko_certvalidator.revinfo.validate_ocsp import verify_ocsp_response

        known, file = self._trust, self._brought
        for certificate in list(path.iter_certs(include_root=False)):
            lists = [each for each in (*known.crls, *file.crls) if _list_of(each, certificate)]
            answers = [each for each in (*known.ocsps, *file.ocsps) if _answer_on(each, certificate)]
            if not answers and len(lists) < 2:
                continue  # it was asked already
            alone: list[tuple[Trust, Any]] = [(Trust(crls=(each,)), verify_crl) for each in lists]
            alone += [(Trust(ocsps=(each,)), verify_ocsp_response) for each in answers]
            for one, verify in alone:
                trust = structs.replace(one, roots=known.roots, others=(*known.others, *file.others))
                try:
                    await verify(certificate, path, context(trust, moment, "soft-fail"))
                except RevokedError as error:
                    return error.revocation_dt
                except Exception:  # noqa: BLE001, S112  # it is not by whom it must be, or says nothing of it
                    continue
        return None

    def _contexts(self, moment: datetime) -> "Iterator[ValidationContext]":
        yield self._context(moment, brought=False)
        if self._brought.crls or self._brought.ocsps:
            yield self._context(moment, brought=True)

    def _silent(self, moment: datetime) -> "ValidationContext":
        """What is believed where nothing is known of revocation."""
        return context(Trust(self._trust.roots, (*self._trust.others, *self._brought.others)), moment, "soft-fail")

    def _context(self, moment: datetime, *, brought: bool) -> "ValidationContext":
        trust, file = self._trust, self._brought
        known = Trust(
            trust.roots,
            (*trust.others, *file.others),
            (*trust.crls, *(file.crls if brought else ())),
            (*trust.ocsps, *(file.ocsps if brought else ())),
        )
        return context(known, moment)


def context(trust: Trust, moment: datetime | None, mode: str = "require") -> "ValidationContext":
    """What pyHanko is to believe at a moment (None: now), with nothing fetched."""
    from asn1crypto import pem, x509
    from pyhanko_certvalidator import ValidationContext

    def certificates(contents: Iterable[bytes]) -> Iterator[Any]:
        for content in contents:
            every = [der for _, _, der in pem.unarmor(content, multiple=True)] if pem.detect(content) else [content]
            yield from map(x509.Certificate.load, every)

    more: dict[str, Any] = {"moment": moment, "best_signature_time": moment} if moment else {}
    return ValidationContext(
        trust_roots=list(certificates(trust.roots)),
        other_certs=list(certificates(trust.others)),
        crls=list(trust.crls),
        ocsps=list(trust.ocsps),
        revocation_mode=mode,
        retroactive_revinfo=True,  # a list that was made later knows more of that time, not less
        allow_fetching=False,
        **more,
    )


_FOR_MACHINES = {"server_auth", "code_signing", "time_stamping", "ocsp_signing"}
"""Purposes (RFC 5280, 4.2.1.12) of certificates that are no person's. Which ones persons get differs by authority."""


def _for_machines(certificate: Any) -> bool:
    """Is a certificate (asn1crypto's) for nothing but what machines and programs do?"""
    purposes = certificate.extended_key_usage_value
    return purposes is not None and {each.native for each in purposes} <= _FOR_MACHINES


def _out_of_time(path: Any, moment: datetime) -> Word | None:
    """Is a certificate of a path not valid at a moment: an expired one, or one that is not valid yet?"""
    for each in path.iter_certs(include_root=True) if path else ():
        validity = each["tbs_certificate"]["validity"]
        if moment > validity["not_after"].native:
            return "expired"
        if moment < validity["not_before"].native:
            return "not-yet-valid"
    return None


def _list_of(content: bytes, certificate: Any) -> bool:
    """Is a list (CRL, DER) by the issuer of a certificate?"""
    from asn1crypto import crl

    try:
        return bool(crl.CertificateList.load(content).issuer == certificate.issuer)
    except (ValueError, TypeError, KeyError):
        return False


def _answer_on(content: bytes, certificate: Any) -> bool:
    """Is an answer (OCSP, DER) about a certificate's serial number?"""
    from asn1crypto import ocsp

    try:
        every = ocsp.OCSPResponse.load(content).response_data["responses"]
        return any(each["cert_id"]["serial_number"].native == certificate.serial_number for each in every)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def sources(certificate: Any, issuer: Any) -> Iterator[Source]:
    """Where the authority of a certificate (asn1crypto's) says whether it was revoked: answers first, which are small
    and new."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.ocsp import OCSPRequestBuilder

    for url in certificate.ocsp_urls:
        one, other = (x509.load_der_x509_certificate(each.dump()) for each in (certificate, issuer))
        question = OCSPRequestBuilder().add_certificate(one, other, SHA1()).build()  # noqa: S303  # it names, no more
        yield Source("ocsp", url[:MAX_URL], question.public_bytes(Encoding.DER))
    for point in certificate.crl_distribution_points:
        if point.url:
            yield Source("crl", point.url[:MAX_URL])


def _word_of(status: Any) -> tuple[Word, str]:
    """A word for pyHanko's status, and what more is known."""
    if not (status.intact and status.valid):
        return "broken", ""
    if status.revoked:
        return "revoked", f"on {status.revocation_details.revocation_date:%Y-%m-%d}"
    if status.trusted:
        return "good", ""
    words: dict[str, Word] = {
        "NO_CERTIFICATE_CHAIN_FOUND": "unknown-authority",
        "OUT_OF_BOUNDS_NO_POE": "expired",
        "EXPIRED": "expired",
        "NOT_YET_VALID": "not-yet-valid",
        "CHAIN_CONSTRAINTS_FAILURE": "wrong-purpose",
        "CRYPTO_CONSTRAINTS_FAILURE": "weak",
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE": "weak",
        "REVOKED_NO_POE": "revoked",
        "REVOKED_CA_NO_POE": "revoked",
    }
    return words.get(status.trust_problem_indic.name if status.trust_problem_indic else "", "not-checked"), ""


def signer_of(certificate: Any) -> Signer:
    """Whose certificate it is (asn1crypto's)."""
    named, issued = certificate.subject.native, certificate.issuer.native
    return Signer(
        cn=_name(named),
        issuer=_name(issued),
        serial=f"{certificate.serial_number:x}"[:_LONGEST],
        certificate=hashlib.sha256(certificate.dump()).hexdigest(),
    )


def _name(names: dict[str, Any]) -> str:
    found = names.get("common_name") or names.get("organization_name") or ""
    return printable(found if isinstance(found, str) else " ".join(map(str, found)), _LONGEST)


def brought(reader: Any) -> Trust:
    """What the file itself brings of certificates and revocation (its document security store, ETSI EN 319 142-1,
    5.4)."""
    if "/DSS" not in reader.root:
        return Trust()
    store = reader.root["/DSS"]
    found = {
        name: tuple(each.get_object().data for each in list(store[name])[:MAX_BROUGHT]) if name in store else ()
        for name in ("/Certs", "/CRLs", "/OCSPs")
    }
    return Trust(others=found["/Certs"], crls=found["/CRLs"], ocsps=found["/OCSPs"])
