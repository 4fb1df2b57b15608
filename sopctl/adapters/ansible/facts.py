"""The site's playbook that gathers facts: raw and untrusted here (`HostResult`), typed in `sopctl.model.facts`."""

FACTS_PLAYBOOK = "facts.yml"
