"""The claims of docs/explanation/architecture.md that imports do not show: who writes a site, that the tests mirror the
package, and that what the document names is there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sopctl
from tests.cases import rows

CHECKOUT = Path(__file__).parents[1]
PACKAGE = Path(sopctl.__file__).parent
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
TESTS = sorted(path.relative_to(CHECKOUT / "tests") for path in (CHECKOUT / "tests").rglob("test_*.py"))

WRITING = frozenset(
    [
        "write_atomic",
        "write_output",
        "Appender",
        "write_text",
        "write_bytes",
        "unlink",
        "rename",
        "rmdir",
        "mkdir",
        "rmtree",
        "copy",
        "copyfile",
        "copytree",
        "move",
    ]
)
"""Names of calls that change a disk."""

OUTSIDE_THE_STORE = {
    "page/server.py": "the socket that it listens on, outside of the site",
    "workflow/setup/init.py": "makes a site: there is none to write yet",
    "workflow/setup/updating.py": "the playbooks of a site, which are copies of ours",
    "workflow/house/signing.py": "a picture of a page, where the user says",
    "workflow/setup/demo.py": "a site of its own, thrown away",
    "workflow/setup/rehearsing.py": "a stage of its own, thrown away",
    "workflow/setup/proving.py": "a site of its own, thrown away",
    "workflow/steps/editing.py": "the copy that the editor opens",
    "workflow/papers/export.py": "a copy where its reader wants it",
    "workflow/views/racks.py": "a picture where its reader wants it",
    "workflow/servers/checking.py": "a picture where its reader wants it",
    "cli/steps/configure.py": "an export where monitoring reads it",
    "page/visit.py": "a file that was handed in, while it is read",
    "cli/plugin.py": "an export where monitoring reads it",
}
"""Who else writes, and what that is: nothing of a site's records."""


def calls(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse((PACKAGE / path).read_text())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            opened = name == "open" and any(
                isinstance(arg, ast.Constant) and isinstance(arg.value, str) and set(arg.value) & set("wax+")
                for arg in [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
            )
            if name in WRITING or opened:
                yield name, node.lineno


@pytest.mark.parametrize(
    "module", [each for each in MODULES if each.parts[0] in ("workflow", "cli", "page", "model")], ids=str
)
def test_only_the_store_writes_a_site(module: Path) -> None:
    found = [f"{name} (line {line})" for name, line in calls(module)]
    assert not found or str(module) in OUTSIDE_THE_STORE, f"what it keeps belongs into sopctl/store: {found}"


def test_json_is_read_in_one_way() -> None:
    """msgspec raises three kinds of errors for bytes that are no JSON; whoever calls it by hand forgets one."""
    found = [str(each) for each in MODULES if re.search(r"json\.(decode|Decoder)\(", (PACKAGE / each).read_text())]
    assert found == ["model/as_json.py"]


def test_files_are_locked_in_one_way() -> None:
    """A lock that is only closed may be held for a moment by a command that another thread starts."""
    found = [str(each) for each in MODULES if re.search(r"\bflock\(|\blockf\(", (PACKAGE / each).read_text())]
    # That of a lab is to be kept by the tools that it has started.
    assert found == ["adapters/lab/lock.py", "store/locks.py"]


def test_tls_is_set_up_in_one_place() -> None:
    """The defaults differ from one Python to the next: adapters/secured.py sets what counts."""
    made = re.compile(r"ssl\.(create_default_context|SSLContext)\(")
    found = [str(each) for each in MODULES if made.search((PACKAGE / each).read_text())]
    # The engine has an authority of its own, and ssh/tls.py only reads a file of certificates.
    assert found == ["adapters/engine/link.py", "adapters/secured.py", "adapters/ssh/tls.py"]


def test_times_are_shown_in_the_office_s_zone() -> None:
    """`astimezone()` without a zone is the machine's, which is often UTC."""
    assert [str(each) for each in MODULES if "astimezone()" in (PACKAGE / each).read_text()] == []


def test_folders_are_listed_in_one_way() -> None:
    """`Path.glob` and `os.walk` take a folder that may not be read for an empty one: no hooks, no revocation lists, no
    papers in a backup. `durable.listed`, `files_below` and `walk` refuse it."""
    silent = re.compile(r"\.r?glob\(|os\.walk\(")
    prose = re.compile(r'""".*?"""', re.DOTALL)
    ours = [each for each in MODULES if each.parts[0] in ("store", "workflow", "page")]
    found = [str(each) for each in ours if silent.search(prose.sub("", (PACKAGE / each).read_text()))]
    # modes.py looks at the mode of such a folder itself.
    assert found == ["store/durable.py", "store/modes.py"]


def test_how_the_office_is_called_on_a_server_is_asked_in_one_place() -> None:
    """A server may know the office by another name than the site's: whoever takes the site's logs in as a stranger."""
    found = [str(each) for each in MODULES if "settings.management.account" in (PACKAGE / each).read_text()]
    assert found == ["workflow/admitting.py", "workflow/servers/reach.py"]


def test_nobody_is_listed_who_does_not_write() -> None:
    assert [name for name in OUTSIDE_THE_STORE if not list(calls(Path(name)))] == []


def test_the_tests_mirror_the_package() -> None:
    """A test file is named for a module of the same place, or tests/cases/mirror.yml says what it is about."""
    others = {row["test"] for row in rows("mirror") if "test" in row}
    strays = [
        str(test)
        for test in TESTS
        if test.parts[0] not in ("lab", "playbooks", "faults")
        and not (PACKAGE / test.with_name(test.name.removeprefix("test_"))).is_file()
        and not (PACKAGE / test.with_name(test.name.removeprefix("test_")).with_suffix("")).is_dir()
    ]
    assert set(strays) == others


def named_by_tests() -> set[str]:
    """Every module that a test imports, or names in a script that it runs."""
    found: set[str] = set()
    for path in (CHECKOUT / "tests").rglob("*.py"):
        text = path.read_text()
        found.update(re.findall(r"sopctl(?:\.\w+)+", text))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module:
                found.update(f"{node.module}.{each.name}" for each in node.names)
    return found


def test_every_module_is_tested_by_its_name_or_as_part_of_another() -> None:
    """tests/cases/mirror.yml says of each module that no test names through which other one it is tested."""
    named = named_by_tests()
    parts = {row["module"]: row["of"] for row in rows("mirror") if "module" in row}
    untested = [
        str(module)
        for module in MODULES
        if module.parts[0] not in ("cli", "__main__.py")  # run by their command lines: tests/cli walks them all
        and module.parent.name != "platforms"  # found by their registries: the tests there walk them all
        and ".".join(("sopctl", *module.with_suffix("").parts)) not in named
    ]
    assert sorted(untested) == sorted(parts)
    for module, of in parts.items():
        assert Path(module).stem in (PACKAGE / of).read_text(), f"{of} does not use {module}"


def test_what_the_architecture_names_is_there() -> None:
    text = (CHECKOUT / "docs/explanation/architecture.md").read_text()
    tree = re.search(r"```\n(.*?)```", text, re.DOTALL)
    assert tree
    roots = "sopctl|tests|playbooks|docs|workflow|model|adapters|store|cli|page"
    paths = re.findall(rf"`((?:{roots})/[\w./-]*(?:\.(?:py|yml|md)|/))`", text)
    installed = {"sopctl/skeleton/"}  # made when the package is built
    gone = [path for path in paths if not any((root / path).exists() for root in (CHECKOUT, PACKAGE))]
    assert set(gone) - installed == set()
    files = set(re.findall(r"[\w]+\.py", tree[1]))
    names = {path.name for root in (PACKAGE, CHECKOUT / "playbooks") for path in root.rglob("*.py")}
    assert sorted(files - names) == []
    rooms = {path.parent.name for path in MODULES if len(path.parts) > 2}
    assert sorted(room for room in rooms if not re.search(rf"\b{room}\b", tree[1])) == []


def test_every_shared_room_of_modules_is_small_enough_to_search() -> None:
    """A stranger finds a module in a room of some twenty; more become rooms of their own."""
    counts: dict[Path, int] = {}
    for module in MODULES:
        counts[module.parent] = counts.get(module.parent, 0) + 1
    assert {str(room): count for room, count in counts.items() if count > 20} == {}
