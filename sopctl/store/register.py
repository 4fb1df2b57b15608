"""The register: a summary of every deposit of a site."""

from sopctl.model.summary import Summary
from sopctl.store import dossiers
from sopctl.store.site import Site


def summaries(site: Site) -> list[Summary]:
    """The summary of every dossier, in order of request. Raises InvalidRecord for a dossier that is broken."""
    return [dossiers.read(site, deposit_id).summary for deposit_id in dossiers.ids(site)]
