"""The exact command behind each step, as `todo` prints it. A table: one row per verb and task."""

from sopctl.model.sop.summary import Summary

_COMMANDS = {
    ("dispose", ""): 'sopctl dispose {id} --instruction "…"',
    ("reserve", ""): "sopctl reserve {id}",
    ("notify", "place-ready"): "sopctl notify {id}",
    ("notify", "place-full"): "sopctl notify {id}",
    ("notify", "try-access"): "sopctl notify {id}",
    ("notify", "accessible"): "sopctl notify {id}",
    ("receive", ""): "sopctl receive {id}",
    ("inspect", "condition"): "sopctl inspect {id} --serial …",
    ("inspect", "serial"): "sopctl inspect {id} --serial …",
    ("inspect", "completeness"): "sopctl inspect {id}",
    ("handover", ""): "sopctl handover {id}",
    ("place", ""): "sopctl place {id}",
    ("configure", ""): "sopctl configure {id}",
    ("verify", ""): "sopctl verify {id}",
    ("inventory", ""): "sopctl inventory collect {id}",
    ("return", "letter"): 'sopctl return {id} --letter-number "…"',
    ("return", "data-saved"): "sopctl return {id} --data-saved --keep-disks",
    ("release", "access"): "sopctl release {id}",
    ("release", "exit-record"): "sopctl release {id}",
    ("release", "space"): "sopctl release {id}",
}
_DECISIONS = {
    ("inspect", "condition"): 'sopctl inspect {id} --accept "…"  (or: sopctl hold, sopctl refuse, or inspect again)',
    (
        "inspect",
        "serial",
    ): 'sopctl inspect {id} --serial …  (or, if the owner gives up: sopctl withdraw {id} --reason "…")',
}
"""What to type where a failed inspection waits for someone's decision."""

_BY_HAND = {("release", "access"): 'sopctl release {id} --by-hand "…"'}
"""What is done by hand on a network appliance."""


def command_for(each: Summary) -> str:
    """The command that does what is due; an empty string for a closed dossier."""
    if each.closed:
        return ""
    key = (each.verb, each.task)
    if each.held:
        template = 'sopctl resume {id} --note "…"'
    elif each.waiting == "decision":
        template = _DECISIONS[key]
    elif each.platform and key in _BY_HAND:
        template = _BY_HAND[key]
    else:
        template = _COMMANDS[key]
    return template.replace("{id}", each.id)
