"""Which engine a site uses: sopctl.yml names the networks that have workers; all others are checked from here."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sopctl.errors import SopctlError
from sopctl.model.access.shards import Engine
from sopctl.store.engine.files import EngineFiles
from sopctl.store.site import Site
from sopctl.workflow.servers.engine.both import Both
from sopctl.workflow.servers.engine.local import InProcess

if TYPE_CHECKING:
    from sopctl.adapters.engine import NatsEngine
    from sopctl.adapters.ssh import Key


def chosen(site: Site, keys: "Mapping[str, Key]", clock: Callable[[], float], errors: list[SopctlError]) -> Engine:
    """The engine for a site's checks. `keys`: the private keys for those that are made here."""
    here = InProcess(keys, clock)
    settings = site.settings.engine
    return Both(here, over_broker(site, clock), settings.networks, errors) if settings and settings.networks else here


def over_broker(site: Site, clock: Callable[[], float]) -> "NatsEngine":
    """The engine of the site's workers; sopctl.yml names its broker."""
    from sopctl.adapters.engine import Link, NatsEngine
    from sopctl.adapters.engine.configuration import CONTROLLER

    settings = site.settings.engine
    assert settings is not None  # noqa: S101 (the caller has looked)
    return NatsEngine(Link(settings.url, CONTROLLER, EngineFiles(site).controller), settings.networks, clock=clock)
