"""The exact command behind each step, as `todo` prints it. A table: one row per verb, finer where a step needs it."""

from sopctl.model.procedure import Standing

_COMMANDS = {
    "dispose": 'sopctl dispose {id} --instruction "…"',
    "reserve": "sopctl reserve {id}",
    "notify": "sopctl notify {id}",
    "receive": "sopctl receive {id}",
    "inspect": "sopctl inspect {id} --serial …",
    "handover": "sopctl handover {id}",
    "place": "sopctl place {id}",
    "configure": "sopctl configure {id}",
    "verify": "sopctl verify {id}",
    "inventory": "sopctl inventory collect {id}",
    "return": 'sopctl return {id} --letter-number "…"',
    "release": "sopctl release {id}",
}
_FINER = {
    ("pengembalian", 5): "sopctl return {id} --data-saved --keep-disks",
    ("pengembalian", 7): "sopctl inspect {id}",
}


def command_for(deposit_id: str, standing: Standing) -> str:
    """The command that does the step which is due; an empty string for a closed dossier."""
    if standing.step is None:
        return ""
    template = _FINER.get((standing.procedure, standing.step.no)) or _COMMANDS[standing.step.verb]
    return template.format(id=deposit_id)
