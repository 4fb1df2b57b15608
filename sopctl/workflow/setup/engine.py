"""The engine's certificates and configuration, its workers, and how it does."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from sopctl.adapters.engine import certificates, configuration
from sopctl.adapters.engine.certificates import RENEWED_DAYS, Identity
from sopctl.adapters.engine.configuration import CONTROLLER, user_of
from sopctl.errors import InvalidRecord, NotNow, OutsideFailure
from sopctl.locale import Counted, Prose, Text
from sopctl.model import names
from sopctl.model.access.shards import Workers
from sopctl.store import codec
from sopctl.store.engine import runs
from sopctl.store.engine.files import EngineFiles
from sopctl.store.engine.runs import LastRun
from sopctl.store.settings import FILE_NAME, EngineAt, Name
from sopctl.store.site import Site
from sopctl.workflow.servers.engine import working
from sopctl.workflow.servers.engine.choosing import over_broker

if TYPE_CHECKING:
    from sopctl.adapters.ssh.facts import Module

SERVER_FOLDER = "/etc/sopctl-engine"
"""Where the broker's configuration and certificates are, on its machine."""
STORE = "/var/lib/nats/jetstream"
CLOCK_SECONDS = 5.0
"""A worker's clock may be so far from the broker's."""


class WorkerFile(Struct, frozen=True, forbid_unknown_fields=True):
    """`worker.yml` in a worker's folder: its network, and the broker's address."""

    network: Name
    broker: Annotated[str, Meta(pattern=names.BROKER_URL)]


class Standing(Struct, frozen=True):
    """How the engine does: what is known of each network's workers, the last run, and what is not as it should be."""

    networks: Mapping[str, Workers]
    last_run: LastRun | None
    problems: list[Prose]


def setup(
    site: Site, now: datetime, *, server_folder: str = SERVER_FOLDER, store: str = STORE, anew: bool = False
) -> list[Path]:
    """Make what broker, controller and workers need: certificates that are missing, end soon or are for another host,
    and the broker's configuration. With `anew` all is recreated, the authority too: what has the old ones is refused
    from then on. Returns the files that are new or changed.

    Raises NotNow where sopctl.yml names no broker; OutsideFailure, InvalidRecord for certificates that are none.
    """
    settings = _settings(site)
    files, changed = EngineFiles(site), list[Path]()

    def write(name: str, content: bytes) -> None:
        if files.read(name) != content:
            changed.append(files.write(name, content))

    def identity(name: str, make: Callable[[], Identity], fits: Callable[[bytes], bool]) -> Identity:
        kept = _kept(files, name)
        if kept is None or anew or not fits(kept.certificate):
            kept = make()
        write(f"{name}.pem", kept.certificate)
        write(f"{name}.key", kept.key)
        return kept

    def lasts(certificate: bytes) -> bool:
        return certificates.ends(certificate) > now + timedelta(days=RENEWED_DAYS)

    hosts = [settings.host]
    try:
        before = files.read("authority.pem")
        authority = identity("authority", lambda: certificates.authority(now), lasts)
        anew = anew or authority.certificate != before

        def of(folder: str, name: str) -> None:
            write(f"{folder}/authority.pem", authority.certificate)
            identity(f"{folder}/{name}", lambda: certificates.issued(authority, name, now), lasts)

        write("server/authority.pem", authority.certificate)
        identity(
            "server/server",
            lambda: certificates.issued(authority, "broker", now, hosts=hosts),
            lambda one: lasts(one) and certificates.is_for(one, hosts),
        )
        of("controller", CONTROLLER)
        for network in settings.networks:
            of(f"worker-{network}", user_of(network))
            write(f"worker-{network}/worker.yml", codec.dump(WorkerFile(network, settings.url)))
    except ValueError as error:
        raise InvalidRecord(
            "engine-certificate-broken",
            "a certificate of the engine cannot be read: {reason}",
            where=str(files.folder),
            remedy="Recreate everything: sopctl engine setup --anew",
            reason=str(error),
        ) from None
    made = configuration.server_configuration(
        settings.networks,
        listen=_listening(settings),
        folder=server_folder,
        store=store,
        synchronous=configuration.knows_synchronous(),
    )
    write("server/nats-server.conf", made.encode())
    return changed


def _listening(settings: EngineAt) -> str:
    """Where the broker listens: at its address; where that is a name, at all of its machine's."""
    host = settings.host if names.is_ip(settings.host) else "0.0.0.0"  # noqa: S104 (who may connect, certificates say)
    return f"[{host}]:{settings.port}" if ":" in host else f"{host}:{settings.port}"


def _settings(site: Site) -> EngineAt:
    settings = site.settings.engine
    if settings is None:
        raise NotNow(
            "no-engine",
            "this site has no engine: all servers are checked from here",
            where=str(site.root / FILE_NAME),
            remedy="To have workers in other networks: engine: {url: tls://HOST:4222, networks: [NAME]}",
        )
    return settings


def _kept(files: EngineFiles, name: str) -> Identity | None:
    certificate, key = files.read(f"{name}.pem"), files.read(f"{name}.key")
    return Identity(certificate, key) if certificate and key else None


def worker_file(folder: Path, network: str | None) -> WorkerFile:
    """What `worker.yml` in this folder says. Raises InvalidRecord, OutsideFailure; and InvalidRecord where it is of
    another network than the one that was named."""
    found = codec.load(folder / "worker.yml", WorkerFile)
    if network not in (None, found.network):
        raise InvalidRecord(
            "worker-of-another-network",
            "this folder is for the worker of the network {network}",
            remedy="Name that network, or the folder of the other worker.",
            where=str(folder / "worker.yml"),
            network=found.network,
        )
    return found


def work(folder: Path, network: str | None, say: Callable[[str], None]) -> None:
    """Work for a network until interrupted, with the certificate and the keys of this folder. Raises as `worker_file`,
    and what the adapter raises."""
    from sopctl.adapters.engine import Link, serve

    found = worker_file(folder, network)
    link = Link(found.broker, user_of(found.network), folder)
    keys = folder / "keys"
    serve(
        link,
        found.network,
        partial(working.answer, keys),
        threading.Event(),
        say,
        asking=partial(working.ask, keys, _module),
    )


def _module() -> "Module":
    """What is run on servers for their facts: as this installation has it. What a controller sends is never run."""
    from sopctl.workflow.servers import gathering
    from sopctl.workflow.servers.playbooks import skeleton

    return gathering.built(skeleton())


def standing(site: Site, now: datetime) -> Standing:
    """How the engine does. Raises NotNow where there is none; OutsideFailure when the broker cannot be reached."""
    settings = _settings(site)
    networks = over_broker(site, now.timestamp).networks() if settings.networks else {}
    problems: list[Prose] = [*_ending(site, now)]
    for name, workers in networks.items():
        if not workers.alive:
            problems.append(Text("the network {name} has no worker: its servers are not watched", name=name))
        for each in workers.alive:
            if not each.facts:
                problems.append(
                    Text(
                        "{worker} in {network} asks no server for its facts: its sopctl is older than this one",
                        worker=each.name,
                        network=name,
                    )
                )
            if abs(each.clock) > CLOCK_SECONDS:
                said = {"worker": each.name, "network": name, "seconds": f"{abs(each.clock):.0f}"}
                ahead = Text("the clock of {worker} in {network} is {seconds} s ahead of the broker's", **said)
                behind = Text("the clock of {worker} in {network} is {seconds} s behind the broker's", **said)
                problems.append(ahead if each.clock > 0 else behind)
    return Standing(networks, runs.last(site), problems)


def told(network: str, workers: Workers) -> Text:
    """One network in short."""
    return Counted(
        "{network}: {number} worker, {waiting} shards wait",
        "{network}: {number} workers, {waiting} shards wait",
        len(workers.alive),
        network=network,
        waiting=workers.waiting,
    )


def _ending(site: Site, now: datetime) -> list[Text]:
    """The certificates that are missing or end soon."""
    files, told = EngineFiles(site), list[Text]()
    settings = _settings(site)
    wanted = ["controller/controller", "server/server"]
    wanted += [f"worker-{name}/{user_of(name)}" for name in settings.networks]
    for name in wanted:
        content = files.read(f"{name}.pem")
        try:
            left = certificates.ends(content) - now.astimezone(UTC) if content else None
        except ValueError:
            left = None
        if left is None:
            told.append(Text("the certificate {name}.pem is missing: sopctl engine setup makes it", name=name))
        elif left < timedelta(days=30):
            told.append(
                Text(
                    "the certificate {name}.pem ends in {days}: sopctl engine setup makes a new one",
                    name=name,
                    days=Counted("{number} day", "{number} days", max(left.days, 0)),
                )
            )
    return told


def ready(site: Site) -> OutsideFailure | None:
    """What keeps the engine from being used here at all: its library."""
    import importlib.util

    from sopctl.adapters.engine.link import missing

    return missing() if site.settings.engine and importlib.util.find_spec("nats") is None else None
