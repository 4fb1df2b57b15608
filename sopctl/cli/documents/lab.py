"""The documents of `lab`: throwaway servers on this machine."""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from sopctl.adapters.ansible.runner import RunResult
from sopctl.adapters.lab import Hardware, LabStatus, OwnerState
from sopctl.adapters.lab.owner_state import Service
from sopctl.cli.documents.reading import RanHost, ran_hosts
from sopctl.model.ports.switch import SwitchRecord
from sopctl.workflow.setup.proving import Proof
from sopctl.workflow.setup.rehearsing import Rehearsal


class Labs(Struct, frozen=True, kw_only=True):
    """Labs that are up."""

    labs: list[LabStatus]


class Removed(Struct, frozen=True, kw_only=True):
    """The names of the labs that were removed."""

    removed: list[str]


class MachineParts(Struct, frozen=True, kw_only=True):
    """What a machine of `lab up --vm` is made of."""

    hardware: Hardware


class SwitchOfLab(Struct, frozen=True, kw_only=True):
    """The lab's switch, as a site's folder switches/ describes it."""

    name: str
    platform: str
    address: str
    port: int
    account: str
    key: str
    ports: str
    uplinks: list[str]
    service_vlan: int
    vlans: list[int]
    quarantine_vlan: int


class LabSwitchRecord(Struct, frozen=True, kw_only=True):
    """The record of the lab's switch."""

    switch: SwitchOfLab


class ReleasePackages(Struct, frozen=True, kw_only=True):
    """Packages that a state has besides on one Debian release."""

    release: str
    packages: list[str]


class State(Struct, frozen=True, kw_only=True):
    """A state in which an owner may hand a server over: what it is, the script that makes it and its packages, what
    answers then, where sshd is reached, the letter's account and the office's, what `configure` must say if it must
    refuse and the script with which the owner then helps, and the Debian releases that know it (empty: all)."""

    name: str
    what: str
    script: str
    packages: list[str]
    packages_of: list[ReleasePackages]
    services: list[Service]
    ssh_port: int
    ipv6: bool
    account: str
    office_account: str
    refused: str
    remedy: str
    releases: list[str]


class States(Struct, frozen=True, kw_only=True):
    """The states, and the folder that has their files."""

    folder: str
    states: list[State]


class RehearsedRun(Struct, frozen=True, kw_only=True):
    """A run of the playbook: how it ended, in a word, what it did on each server, and what went wrong as a whole."""

    outcome: str
    hosts: list[RanHost]
    message: str
    seconds: float


class Rehearsed(Struct, frozen=True, kw_only=True):
    """A rehearsal: the first run configures, the second must change nothing (null: the first failed)."""

    ok: bool
    first: RehearsedRun
    second: RehearsedRun | None


class Proofs(Struct, frozen=True, kw_only=True):
    """What was seen on each server in its owner's states, from configuration to release."""

    ok: bool
    servers: list[Proof]


def switch(record: SwitchRecord) -> LabSwitchRecord:
    """The document of `lab switch`."""
    return LabSwitchRecord(
        switch=SwitchOfLab(
            name=record.name,
            platform=record.platform,
            address=record.address,
            port=record.port,
            account=record.account,
            key=record.key or "",
            ports=record.ports,
            uplinks=list(record.uplinks),
            service_vlan=record.service_vlan,
            vlans=list(record.vlans),
            quarantine_vlan=record.quarantine_vlan,
        )
    )


def states(folder: Path, found: Iterable[OwnerState]) -> States:
    """The document of `lab states`."""
    return States(
        folder=str(folder),
        states=[
            State(
                name=each.name,
                what=each.what,
                script=each.script,
                packages=list(each.packages),
                packages_of=[
                    ReleasePackages(release=release, packages=list(packages))
                    for release, packages in each.packages_of.items()
                ],
                services=list(each.services),
                ssh_port=each.ssh_port,
                ipv6=each.ipv6,
                account=each.account,
                office_account=each.office_account,
                refused=each.refused,
                remedy=each.remedy,
                releases=list(each.releases),
            )
            for each in found
        ],
    )


def rehearsed(found: Rehearsal) -> Rehearsed:
    """The document of `lab rehearse` with a playbook."""
    return Rehearsed(ok=found.ok, first=_run(found.first), second=_run(found.second) if found.second else None)


def _run(result: RunResult) -> RehearsedRun:
    return RehearsedRun(
        outcome=result.outcome.value, hosts=ran_hosts(result), message=result.message, seconds=result.seconds
    )
