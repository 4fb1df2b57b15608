"""Which engine a site uses: sopctl.yml names the networks that have workers; all others are checked from here."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sopctl.errors import SopctlError
from sopctl.model.access.shards import Engine
from sopctl.model.sop.summary import Summary
from sopctl.store.engine.files import EngineFiles
from sopctl.store.site import Site
from sopctl.workflow.servers.engine.both import Both
from sopctl.workflow.servers.engine.local import InProcess
from sopctl.workflow.servers.reach import network

if TYPE_CHECKING:
    from sopctl.adapters.engine import NatsEngine
    from sopctl.adapters.ssh import Key


def chosen(site: Site, keys: "Mapping[str, Key]", clock: Callable[[], float], errors: list[SopctlError]) -> Engine:
    """The engine for a site's checks. `keys`: the private keys for those that are made here."""
    here = InProcess(keys, clock)
    settings = site.settings.engine
    return Both(here, over_broker(site, clock), settings.networks, errors) if settings and settings.networks else here


def served(site: Site, each: Summary) -> str:
    """The network whose workers reach this server; empty where the controller does. Raises as `reach.network`."""
    settings, of = site.settings.engine, network(site, each)
    return of.name if settings and of and of.name in settings.networks else ""


def over_broker(site: Site, clock: Callable[[], float], *, facts: bool = False) -> "NatsEngine":
    """The engine of the site's workers, for checks or for `facts`; sopctl.yml names its broker."""
    from sopctl.adapters.engine import Link, NatsEngine
    from sopctl.adapters.engine.configuration import CHECKS, CONTROLLER, FACTS

    settings = site.settings.engine
    assert settings is not None  # noqa: S101 (the caller has looked)
    link = Link(settings.url, CONTROLLER, EngineFiles(site).controller)
    return NatsEngine(link, settings.networks, clock=clock, lane=FACTS if facts else CHECKS)
