"""The rules for errors, read from the source: a stable id per condition, one sentence per id, commands as actions."""

import ast
import pickle
import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.cli import wording
from sopctl.cli.main import COMMANDS
from sopctl.errors import Action, Conflict, InvalidRecord, NotNow, OutsideFailure, SopctlError, UsageError, in_words
from sopctl.model.access.target import HostKey
from sopctl.model.intake.identity import Mark
from sopctl.store.durable import Unconfirmed
from sopctl.workflow import trust
from tests import contract

ROOT = Path(__file__).parents[1]
TABLE_DRIVEN = frozenset({"sopctl/store/codec.py", "sopctl/store/durable.py", "sopctl/store/library.py"})
"""Modules with one error that is made from a table: what YAML's events, the system and the rules of soundness say."""

_NAMES = "|".join(name for _, names in COMMANDS.values() for name in names)
_COMMAND_LINE = re.compile(rf"\bsopctl (?:--\S+ )*(?:{_NAMES})\b")
GENERIC = frozenset({"error", "failed", "todo"})
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class Raised(NamedTuple):
    """An error as the source makes it, and where. `id` and `template` are None where they are not literals."""

    where: str
    id: str | None
    template: str | None

    @property
    def faults(self) -> Iterator[str]:
        """What is wrong with it by itself."""
        if self.id is None or self.template is None:
            if self.where.partition(":")[0] not in TABLE_DRIVEN:
                yield "its id or template is not a literal"
            return
        if not _ID.fullmatch(self.id):
            yield f"the id {self.id!r} is not kebab-case"
        if self.id in GENERIC:
            yield f"the id {self.id!r} does not name a condition"
        if _COMMAND_LINE.search(self.template):
            yield f"the template has a command line, which belongs in an Action: {self.template!r}"


def error_classes() -> dict[str, bool]:
    """The names of SopctlError and of all classes in sopctl that derive from it; True for those that take an id and a
    template, False for those with a constructor of their own."""
    bases: dict[str, set[str]] = {}
    own: set[str] = set()
    for path in (ROOT / "sopctl").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(filter(None, map(_name, node.bases)))
                if any(isinstance(each, ast.FunctionDef) and each.name == "__init__" for each in node.body):
                    own.add(node.name)
    found = {"SopctlError": True}
    while more := {name for name, above in bases.items() if name not in found and above & found.keys()}:
        found |= {name: name not in own for name in more}
    return found


def errors(source: str, where: str, classes: dict[str, bool]) -> Iterator[Raised]:
    """The errors that a module makes. One that passes on another error's id and template is not among them."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and classes.get(_name(node.func) or ""):
            yield from _raised(node, where)
        elif isinstance(node, ast.ClassDef) and classes.get(node.name) is False:
            for each in ast.walk(node):
                if isinstance(each, ast.Call) and ast.unparse(each.func) == "super().__init__":
                    yield from _raised(each, where)


def clashes(raised: Iterable[Raised]) -> list[str]:
    """The ids that have more than one template."""
    templates: dict[str, dict[str, str]] = {}
    for each in raised:
        if each.id is not None and each.template is not None:
            templates.setdefault(each.id, {}).setdefault(each.template, each.where)
    return [f"the id {id!r} has several templates: {places}" for id, places in templates.items() if len(places) > 1]


def _raised(call: ast.Call, where: str) -> Iterator[Raised]:
    first = call.args[:2]
    if len(first) == 2 and all(isinstance(each, ast.Attribute) for each in first):
        return
    texts = [each.value if isinstance(each, ast.Constant) else None for each in first]
    id, template = ([text if isinstance(text, str) else None for text in texts] + [None, None])[:2]
    yield Raised(f"{where}:{call.lineno}", id, template)


def _name(node: ast.expr) -> str | None:
    """`Conflict`, also of `errors.Conflict`."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None


@cache
def made_by_sopctl() -> tuple[Raised, ...]:
    """Read once for all tests."""
    classes = error_classes()
    return tuple(
        raised
        for path in sorted((ROOT / "sopctl").rglob("*.py"))
        for raised in errors(path.read_text(), str(path.relative_to(ROOT)), classes)
    )


def test_an_error_has_an_id_that_names_its_condition_and_no_command_line_in_its_sentence() -> None:
    raised = made_by_sopctl()
    assert len(raised) > 80, "they were found"
    assert [f"{each.where}: {fault}" for each in raised for fault in each.faults] == []


def test_every_error_is_in_the_reference() -> None:
    assert {each.id for each in made_by_sopctl() if each.id} <= set(contract.documented())


def test_the_reference_says_what_helps() -> None:
    rows = [line for line in contract.REFERENCE.read_text().splitlines() if line.startswith("| `")]
    assert len(rows) > 600, "they were found"
    assert [row.split("`")[1] for row in rows if row.endswith("|  |")] == [], "each error needs a remedy"


def test_the_reference_calls_an_operand_what_the_help_calls_it() -> None:
    lines = {line.split("`")[1]: line for line in contract.REFERENCE.read_text().splitlines() if line.startswith("| `")}
    for id, command in {
        "not-a-site": "`sopctl init DIR`",
        "place-refused": "`sopctl rack show RACK`",
        "signatures-missing": "`sopctl document file-signed <file> ID`",
    }.items():
        assert command in lines[id], id


def test_an_id_has_one_sentence() -> None:
    assert clashes(made_by_sopctl()) == []


WRONG = {
    'raise Conflict("Not_Kebab", "x")': "not kebab-case",
    'raise Conflict("failed", "x")': "does not name a condition",
    'raise Conflict("held", "held; run sopctl list")': "belongs in an Action",
    'raise Conflict(f"{x}-held", "x")': "not a literal",
    'raise Conflict("held", text)': "not a literal",
    'error = errors.NotNow("error", "x")': "does not name a condition",
    'class Own(Conflict):\n  def __init__(self):\n    super().__init__("todo", "x")': "does not name a condition",
}


@pytest.mark.parametrize("source", WRONG)
def test_what_is_wrong_is_found(source: str) -> None:
    classes = {"Conflict": True, "NotNow": True, "Own": False}
    (raised,) = errors(source, "here", classes)
    (fault,) = raised.faults
    assert WRONG[source] in fault


def test_two_sentences_of_one_id_are_found() -> None:
    source = 'Conflict("held", "a"); Conflict("held", "b"); Conflict("other", "c"); Conflict("other", "c")'
    raised = list(errors(source, "here", {"Conflict": True}))
    (clash,) = clashes(raised)
    assert "'held'" in clash


def test_an_error_that_is_passed_on_is_left_out() -> None:
    assert list(errors("Conflict(error.id, error.template)", "here", {"Conflict": True})) == []


def test_subclasses_are_errors_too() -> None:
    classes = error_classes()
    assert classes["InvalidRecord"]
    assert classes["DeviceFault"]
    assert classes["CommandRefused"] is False, "it makes its id and template itself"
    assert "Fault" not in classes


def raw_words(path: Path) -> Iterator[str]:
    """Where a handler of OSError puts the error itself, with its number and path, into a sentence."""
    for handler in ast.walk(ast.parse(path.read_text())):
        if not isinstance(handler, ast.ExceptHandler) or not handler.name or "OSError" not in ast.unparse(handler):
            continue
        if handler.type is None or "OSError" not in ast.unparse(handler.type):
            continue
        for node in ast.walk(handler):
            inner = node.args[0] if isinstance(node, ast.Call) and node.args else getattr(node, "value", None)
            text = isinstance(node, ast.Call) and ast.unparse(node.func) in ("str", "repr")
            into = (
                text or isinstance(node, ast.FormattedValue) or (isinstance(node, ast.keyword) and node.arg != "error")
            )
            if into and isinstance(inner, ast.Name) and inner.id == handler.name:
                yield f"{path.relative_to(ROOT)}:{handler.lineno}"


def test_no_error_of_the_system_reaches_a_sentence_raw() -> None:
    """`[Errno 13] Permission denied: '/…'` is for developers: `errors.in_words` has the words."""
    assert [place for path in (ROOT / "sopctl").rglob("*.py") for place in raw_words(path)] == []


def test_the_systems_errors_in_words() -> None:
    assert in_words(PermissionError(13, "Permission denied", "/x")) == "Permission denied"
    assert in_words(subprocess.CalledProcessError(1, ["vi", "/x"])) == "vi ended with status 1"
    assert in_words(TimeoutError()) == "TimeoutError"
    assert in_words(ValueError("of its own")) == "of its own"


_VALUES = st.one_of(
    st.text(max_size=20),
    st.integers(),
    st.datetimes(timezones=st.timezones()),
    st.lists(st.text(max_size=5), max_size=3),
    st.just(Path("deposits/PS-2026-0001")),
    st.just(Mark("serial", "X")),
    st.just(Action("edit", "PS-2026-0001", alternatives=(Action("show"),))),
)


@given(
    st.sampled_from([SopctlError, UsageError, InvalidRecord, NotNow, Conflict, OutsideFailure, Unconfirmed]),
    st.dictionaries(st.sampled_from(["name", "why", "number"]), _VALUES),
    st.lists(st.one_of(st.text(max_size=9), st.just(Action("list", given={"late": ""}))), max_size=2),
    st.lists(st.text(max_size=9), max_size=2),
)
def test_an_error_is_the_same_in_another_process(
    kind: type[SopctlError], values: dict[str, Any], remedy: list[str | Action], lines: list[str]
) -> None:
    template = " ".join(f"{{{name}}}" for name in values)
    error = kind("some-condition", template, where="a:1:1", remedy=remedy, lines=lines, **values)
    error.add_note("said later")
    _assert_same(error)


def test_so_is_one_whose_class_has_a_constructor_of_its_own() -> None:
    error = trust.Unconfirmed(
        trust.Host("server", "PS-2026-0001", "192.0.2.1", 22), HostKey("ssh-rsa", "AAAA", "SHA256:x")
    )
    _assert_same(error)


def _assert_same(error: SopctlError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))


def test_a_message_is_one_line_whatever_is_listed() -> None:
    """It stands in reports and histories, where a line break would be shown as an escape."""
    error = UsageError("x", "two things are wrong:", lines=["one", "two"])
    assert error.message == "two things are wrong: one; two"
    assert wording.told(error).splitlines() == ["two things are wrong:", "  one", "  two"]
