"""What the states of parts mean, in the words of all the tools that say them.

storcli and perccli abbreviate (Onln, Dgrd), MegaCli and ssacli write out, the kernel shows an array's members ([U_]),
SMBIOS and appliances have their own words, smartctl others again. A state is judged by its words alone, so that another
tool, or another version of one, does not change anything.
"""

import re
from enum import StrEnum

from sopctl.locale import gettext_noop
from sopctl.model.text import words


class Severity(StrEnum):
    """How bad a state is: what it is for is lost or about to be, or it is not as it should be."""

    CRITICAL = gettext_noop("critical")
    WARNING = gettext_noop("warning")


class State(StrEnum):
    """What a state's word means. An unknown word has no meaning: it is shown, and raises nothing."""

    GOOD = "good"
    BUSY = "busy"
    POOR = "poor"
    BAD = "bad"
    UNKNOWN = "unknown"

    @property
    def severity(self) -> Severity | None:
        return {State.BUSY: Severity.WARNING, State.POOR: Severity.WARNING, State.BAD: Severity.CRITICAL}.get(self)


_GOOD = words(
    """
    ok good normal optimal optl online onln onlinespunup onlinespundown passed pass active clean healthy present
    presentok up ready unconfiguredgood ugood unconfiguredgoodspunup unconfiguredgoodspundown ugunsp ugshld
    hotspare hotsparespunup hotsparespundown ghs dhs globalhotspare dedicatedhotspare jbod conf configured spare
    raw rawpassthrough exposed system hsp hspdedicated hspglobal charged charging recharging fullycharged true yes
    enabled safe nonraid uconf uconfshld ugshld avail okay simple verified supported standby sleeping inservice
    activeidle readauto writepending presencedetected fullyredundant redundant poweredon powersupplyinactive
    """
)
_BUSY = words(
    """
    rbld rebuild rebuilding recovering recovery cpybck copyback reshape reshaping expanding transforming
    migrating reconstructing reconstruct verify initializing initialising parityinitialization learning
    readyforrebuild readyforrecovery temporarilydegraded background waiting impacted verifying
    queued foreign frgn ugoodf unconfiguredgoodforeign ugforeign noncritical sntz sanitize sanitizing
    """
)
_POOR = words("warning caution marginal attention needsattention redundancydegraded")
_BAD = words(
    """
    failed failing fail failure faulty fault dead bad critical nonrecoverable unrecoverable offline offln ofln
    off degraded dgrd partiallydegraded pdgd pdgrd missing msng mssng lost removed absent notpresent inactive
    unplugged nopower noinput acloss inputlost inputlosttofail unconfiguredbad ubad ubunsp unsupported uncnfbad
    predictivefailure predictfail predictedfailure predictivefail prefail smartalert smarttripped tripped
    failurepredicted impendingfailure failureimminent imminentfailure replace replacementrequired
    failurepredictionthresholdexceeded warninghardwareimpendingfailure hardwareimpendingfailure error errors
    down uncorrectable broken discharged rec recoverymode unusable blocked locked shutdown no false notcharged
    needsreplacement notok nok unavail unpowered undetected unresponsive suspended faulted dataerrors overheated
    overheating outofsync
    """
)
_PHRASES = (
    (
        re.compile(r"redundancy degraded|non-redundant: ?sufficient|config error|ac out-of-range, but present"),
        State.POOR,
    ),
    (re.compile(r"non-redundant|data errors"), State.BAD),
    (re.compile(r"(?<!no )errors on "), State.POOR),
    (re.compile(r"\b(?:no|not|none|without) (?:fail|fault|error)"), State.GOOD),
    (re.compile(r"predict|imminent|impending|tripped|smart ?(?:alert|error)|threshold exceeded"), State.BAD),
    (re.compile(r"\b(?:not|sub|un|in)[ -]?(?:ok|ready|optimal|detected|healthy|respon|oper|power|avail)"), State.BAD),
    (re.compile(r"\bno (?:ac|input|power)\b|\bloss of|\bpower loss|interim recovery|out of sync"), State.BAD),
    (
        re.compile(r"fail(?!.{0,10}none)|fault|degraded|offline|critical|missing|uncorrect|bad\b|dead|lost"),
        State.BAD,
    ),
    (
        re.compile(
            r"rebuil|recover|reconstruct|reconfigur|copy ?back|foreign|initiali|expan|migrat|transform|\beras|verify"
            r"|resilver|learn(?!.{0,10}ok)"
        ),
        State.BUSY,
    ),
    (re.compile(r"(?:ok|online|optimal|passed|good|spare|spun (?:up|down)|ready)\b"), State.GOOD),
)
"""For longer sentences, in this order: "Online, Spun Up", "Failed SMART alert", "FAILED! [asc=5d]", "Interim Recovery
Mode (failed)"."""

_MEMBERS = re.compile(r"[U_]{1,64}")


def judged(said: str | None) -> State:
    """What a state's word means."""
    lowered = (said or "")[:200].strip().casefold()
    if lowered and _MEMBERS.fullmatch((said or "").strip()[:200]):
        return State.BAD if "_" in lowered else State.GOOD
    plain = "".join(each for each in lowered if each.isalpha())
    for meaning, state in ((_BAD, State.BAD), (_POOR, State.POOR), (_BUSY, State.BUSY), (_GOOD, State.GOOD)):
        if plain in meaning:
            return state
    return next((state for phrase, state in _PHRASES if phrase.search(lowered)), State.UNKNOWN)
