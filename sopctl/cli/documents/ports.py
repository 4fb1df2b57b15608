"""The documents of `switch`: what a change of a port did, and what an audit of the switches found."""

from typing import Literal

from msgspec import Struct

from sopctl.cli import wording
from sopctl.cli.documents.common import Failure
from sopctl.cli.documents.steps import Step, step
from sopctl.model.ports.audit import Finding
from sopctl.model.ports.port import ActualPort, PortSetting, Reason, Refusal
from sopctl.model.text import printable
from sopctl.workflow.desk import StepDone
from sopctl.workflow.ports.audit import Audited
from sopctl.workflow.ports.change import Proposal
from sopctl.workflow.ports.job import PortResult

State = Literal["done", "unchanged", "refused", "put-back", "partly-back", "shut", "unknown"]


class ChangedPort(Struct, frozen=True, kw_only=True):
    """How a change of a port ended: done, or unchanged (it was so already); refused (nothing was sent), put back,
    partly back (`differs`: what is not as it was), shut (it was to be, but the rest failed), or unknown. `cause` is
    stable, `why` a sentence, `remedy` what helps. `mac`: the address that was heard; `also`: others beside it.
    `restore`: how the switch would roll back by itself."""

    state: State
    switch: str
    port: str
    mac: str
    cause: str
    why: str
    remedy: str
    restore: str
    also: list[str]
    differs: list[str]


class PortChanged(Struct, frozen=True, kw_only=True):
    """The step that was done, and how its change of a port ended."""

    steps: list[Step]
    errors: list[Failure]
    port: ChangedPort


class PortNotice(Struct, frozen=True, kw_only=True):
    """A reason not to touch the port, or what a person should know: which, in a sentence, and what helps."""

    reason: Reason
    detail: str
    remedy: str


class PortPlan(Struct, frozen=True, kw_only=True):
    """What a change of a port would be: how it is (null: the switch has no such port), how it is to be, the fields that
    differ, the MAC addresses that are heard there, why it is refused, what is to be known, the `lines` that would be
    sent and those that would undo them (`back`), and how the switch itself would do that (`restore`)."""

    switch: str
    port: str
    before: ActualPort | None
    wanted: PortSetting
    changes: list[str]
    macs: list[str]
    refusals: list[PortNotice]
    warnings: list[PortNotice]
    lines: list[str]
    back: list[str]
    restore: str


class ReadSwitch(Struct, frozen=True, kw_only=True):
    """A switch of an audit: how many of its ports are in the records (null: it could not be read), why it could not be
    read, and the old SSH algorithms that its record allows."""

    name: str
    ports: int | None
    problem: str
    old_algorithms: list[str]


class Audit(Struct, frozen=True, kw_only=True):
    """The switches that were to be read, and what differs from the records."""

    switches: list[ReadSwitch]
    findings: list[Finding]


def changed(done: StepDone, result: PortResult) -> PortChanged:
    """The document of `switch apply` and `switch release`."""
    return PortChanged(
        steps=[step(done)],
        errors=[],
        port=ChangedPort(
            state=result.state,
            switch=result.plan.switch,
            port=result.plan.port,
            mac=result.mac,
            cause=result.cause,
            why=str(result.why),
            remedy=printable(wording.advice(result.remedy), 500),
            restore=result.restore,
            also=list(result.also),
            differs=list(result.differs),
        ),
    )


def plan(found: Proposal) -> PortPlan:
    """The document of `switch plan`."""
    return PortPlan(
        switch=found.plan.switch,
        port=found.plan.port,
        before=found.plan.before,
        wanted=found.plan.wanted,
        changes=[each.field for each in found.plan.changes],
        macs=list(found.plan.macs),
        refusals=list(map(_notice, found.plan.refusals)),
        warnings=list(map(_notice, found.plan.warnings)),
        lines=list(found.lines),
        back=list(found.back),
        restore=found.restore,
    )


def _notice(each: Refusal) -> PortNotice:
    return PortNotice(reason=each.reason, detail=str(each.detail), remedy=each.remedy)


def audit(found: Audited) -> Audit:
    """The document of `switch audit`."""
    names = dict.fromkeys((*found.switches, *found.errors, *found.old))
    return Audit(
        switches=[
            ReadSwitch(
                name=name,
                ports=found.switches.get(name),
                problem=str(found.errors.get(name, "")),
                old_algorithms=list(found.old.get(name, ())),
            )
            for name in names
        ],
        findings=list(found.findings),
    )
