"""The table of verbs, beside what does them."""

from pathlib import Path

import sopctl
from sopctl.model.sop import verbs

WORKFLOW = Path(sopctl.__file__).parent / "workflow"


def test_every_verb_is_done_somewhere() -> None:
    """The steps and acts of the workflow take their turn by the name that the table has."""
    said = "".join(path.read_text() for path in sorted(WORKFLOW.rglob("*.py")))
    assert [verb.name for verb in verbs.VERBS if f'"{verb.name}"' not in said] == []


def test_a_row_is_found_by_its_name_and_an_act_by_its_outcome() -> None:
    for verb in verbs.VERBS:
        assert verbs.find(verb.name, verb.task) is verbs.row(verb.name, verb.task) is verb
        assert verbs.act_of(verb.outcome) is (verb if verb.kind == "act" else None)
        assert verb.name in verbs.names(verb.kind)
        assert verb.task in verbs.tasks(verb.name)
    assert verbs.find("no-verb") is None
