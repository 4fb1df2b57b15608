"""What is generated is up to date, every page is found, every link leads somewhere, every command line is run."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from sopctl.cli.main import cli
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import handover, inspecting, notifying
from tests.cases import rows
from tests.conftest import Clock
from tests.printed import CHECKOUT, DOCS, printed

PAGES = [CHECKOUT / name for name in ("README.md", "CHANGELOG.md")] + sorted(DOCS.rglob("*.md"))
GENERATED = {
    "commands.py": "reference/commands.md",
    "causes.py": "reference/causes.md",
    "facts_schema.py": "reference/facts.schema.json",
    "errors.py": "reference/errors.md",
    "documents.py": "reference/json.md",
    "documents.py --schema": "reference/json.schema.json",
}


@pytest.mark.parametrize("program", GENERATED)
def test_what_is_generated_is_up_to_date(program: str) -> None:
    command = [sys.executable, *program.split()]
    made = subprocess.run(command, cwd=DOCS / "generate", capture_output=True, text=True, check=True)
    assert made.stdout == (DOCS / GENERATED[program]).read_text(), "run: make docs"


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """The pages and files of ours that a page links to, each with its anchor or ""."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text)):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield (page.parent / path).resolve() if path else page, anchor


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the renderers of Markdown make them: one that occurs again is numbered."""
    found: list[str] = []
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        name = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        found.append(f"{name}_{found.count(name)}" if name in found else name)
    return set(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {target.name}#{anchor}"


def test_every_page_is_reachable_from_the_readme() -> None:
    reached, coming = set(), [CHECKOUT / "README.md"]
    while coming:
        page = coming.pop()
        reached.add(page)
        coming += [target for target, _ in links(page) if target.suffix == ".md" and target not in reached]
    assert sorted(set(DOCS.rglob("*.md")) - reached) == []


def test_every_path_of_the_documentation_that_is_named_is_there() -> None:
    """In the code and its help, in the playbooks and the tests: a page that moves takes them along."""
    places = [path for root in ("sopctl", "playbooks", "tests", "benchmarks") for path in (CHECKOUT / root).rglob("*")]
    for path in [*PAGES, CHECKOUT / "Makefile", *places]:
        if path.suffix in (".py", ".md", ".yml", "") and path.is_file() and "older_site" not in str(path):
            for named in re.findall(r"(?<![\w/])docs/[\w./-]+\.(?:md|json|py)", path.read_text()):
                assert (CHECKOUT / named).exists() or named == "docs/verify.md", f"{path}: {named}"


def test_every_document_that_prints_command_lines_is_run_by_a_test() -> None:
    runs = {row["document"]: row["by"] for row in rows("printed")}
    assert sorted(runs) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md") if printed(page))
    for document, by in runs.items():
        text = (CHECKOUT / "tests" / by).read_text()
        assert by == "lab/test_docs.py" or Path(document).stem in text, f"{by} does not name {document}"


def test_the_command_lines_of_the_reports_run_as_they_are_printed(
    desk: Desk,
    clock: Clock,
    until_space: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a server that was handed over a month ago, and not placed since."""
    clock.now = datetime.now(clock.now.tzinfo) - timedelta(days=30)
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-0001")
    handover.handover(desk, deposit)
    monkeypatch.chdir(tmp_path)
    lines = [line.replace("PS-2026-0001", deposit) for line in printed(DOCS / "howto/reports.md")]
    assert len(lines) >= 5
    for line in lines:
        name, *words = shlex.split(line)
        assert name == "sopctl"
        ran = CliRunner().invoke(cli, ["--site", str(desk.site.root), *words])
        assert ran.exit_code == 0, f"{line}: {ran.output} {ran.exception}"
