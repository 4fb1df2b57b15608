"""What is generated is up to date, every page is found, every link leads somewhere, every command line is run."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner
from markdown_it import MarkdownIt

from sopctl.cli.main import cli
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import handover, inspecting, notifying, reservation
from tests.cases import rows
from tests.conftest import Clock
from tests.printed import CHECKOUT, DOCS, as_run, printed

AT_THE_TOP = [CHECKOUT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")]
PAGES = AT_THE_TOP + sorted(DOCS.rglob("*.md"))
GENERATED = {
    "commands.py": "reference/commands.md",
    "causes.py": "reference/causes.md",
    "settings.py": "reference/settings.md",
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


def command_lines(page: Path) -> Iterator[list[str]]:
    """The words of each `sopctl …` that a page prints, in a block or within a sentence."""
    text = page.read_text()
    blocks = re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    shell = [block for language, block in blocks if language in ("", "console", "sh")]
    lines = [line.strip().removeprefix("$ ") for block in shell for line in block.splitlines()]
    prose = re.split(r"\n\n|\n(?=[|*-])", re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL))
    spans = [span for paragraph in prose for span in re.findall(r"`([^`]+)`", paragraph)]
    for line in [*lines, *(" ".join(span.split()) for span in spans)]:
        found = re.search(r"^(?:sudo )?sopctl( .*)", line)
        if found:
            yield shlex.split(re.sub(r"[<>|;&].*", "", found[1].replace("…", "x")), comments=True)


def understood(words: list[str]) -> str:
    """ "" if there is such a command with these options, else what there is not."""
    command: click.Command = cli
    known = {"--help", *(option for param in cli.params for option in param.opts)}
    for word in words:
        if isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]+", word):
            below = command.get_command(click.Context(command), word)
            if below is not None:
                command, known = below, known | {option for param in below.params for option in param.opts}
                continue
            if command is not cli:
                return f"{command.name} {word}"
        option = word.partition("=")[0]
        if option.startswith("--") and option not in known:
            return f"{command.name} {option}"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_command_line_that_is_printed_is_understood(page: Path) -> None:
    """Also those that cannot run here: in a sentence, or about a server that a reader has."""
    if page.name != "CHANGELOG.md":  # says what commands were called
        assert [" ".join(words) for words in command_lines(page) if understood(words)] == []


HOW_TO = sorted((DOCS / "howto").glob("*.md"))


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_a_how_to_begins_with_its_commands(page: Path) -> None:
    """Within a minute of reading, at 200 words a minute."""
    verbs = "|".join(cli.list_commands(click.Context(cli)))
    answer = re.search(rf"^ *```(?:console|sh|)\n|`(?:sopctl|{verbs})[ `]", page.read_text(), re.MULTILINE)
    assert answer
    assert len(page.read_text()[: answer.start()].split()) <= 200


def words_until_answered(row: dict[str, Any]) -> int:
    """How many words of its page are read, from the row's heading, until all that the answer needs was there."""
    page = (DOCS / f"howto/{row['page']}.md").read_text()
    if "under" in row:
        (found,) = re.finditer(rf"^#+ {re.escape(row['under'])}$", page, re.MULTILINE)
        page = page[found.start() :]
    read = " ".join(page.split())
    assert [needed for needed in row["says"] if needed not in read] == [], row
    return len(read[: max(read.index(needed) + len(needed) for needed in row["says"])].replace("|", " ").split())


def test_what_readers_ask_is_answered_within_a_minute() -> None:
    asked = rows("reader_questions")
    assert {page.stem for page in HOW_TO} <= {row["page"] for row in asked}
    assert [row for row in asked if words_until_answered(row) > 220] == []


def table_rows(page: Path) -> Iterator[tuple[str, str]]:
    """Each row of a page's tables, with the head of the last column."""
    for table in re.findall(r"(?:^ *\|.*\n)+", page.read_text(), re.MULTILINE):
        head, _, *below = table.strip().splitlines()
        yield from ((head.rstrip(" |").rpartition("|")[2].strip(), row) for row in below)


def without_sopctl(span: str) -> bool:
    """Whether code in a sentence is a command line of ours that lacks its first word."""
    words = span.split()
    command = cli.get_command(click.Context(cli), words[0])
    below = command.list_commands(click.Context(command)) if isinstance(command, click.Group) else []
    return command is not None and any(each in ("ID", *below) or each.startswith("--") for each in words[1:])


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_a_command_in_a_table_is_written_as_it_is_typed(page: Path) -> None:
    spans = [span for _, row in table_rows(page) for span in re.findall(r"`([^`]+)`", row)]
    assert [span for span in spans if without_sopctl(span)] == []


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_whoever_is_in_trouble_finds_an_act(page: Path) -> None:
    """A command, a setting or a place to read on, in each row that says what to do."""
    acts = [row for head, row in table_rows(page) if head in ("what to do", "what to do now", "what helps")]
    assert [row for row in acts if not re.search(r"`|\]\(", row.rstrip(" |").rpartition(" | ")[2])] == []


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_a_how_to_is_for_whoever_has_installed_sopctl(page: Path) -> None:
    """They have neither our source nor our tests, and no index has sopctl."""
    ours = r"[\w/]+\.py\b|\b(?:tests|workflow|adapters|model)/[\w/.]*|pip install .?sopctl"
    assert re.findall(ours, page.read_text()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_no_code_goes_on_in_the_next_line(page: Path) -> None:
    """So that a search finds it, and a reader can copy it."""
    text = page.read_text()
    prose = re.split(r"\n\n|\n(?=[|*-])", re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL))
    assert [span for paragraph in prose for span in re.findall(r"`[^`]+`", paragraph) if "\n" in span] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_a_numbered_list_is_not_cut(page: Path) -> None:
    """What stands between two items belongs to the first; in the site, docs/generate/site_hook.py sees to it."""
    text = page.read_text()
    tokens = MarkdownIt().parse(text) if re.search(r"^\d+\. ", text, re.MULTILINE) else []
    assert [token.map for token in tokens if token.type == "ordered_list_open" and "start" in token.attrs] == []


def test_every_page_is_in_the_sites_navigation() -> None:
    nav = yaml.load((CHECKOUT / "mkdocs.yml").read_text(), yaml.CSafeLoader)["nav"]
    listed = re.findall(r"[\w/-]+\.md", str(nav))
    assert sorted(listed) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))


def test_the_leaflet_has_two_pages() -> None:
    import pypdfium2
    import typst

    assert len(pypdfium2.PdfDocument(typst.compile(str(DOCS / "id/selebaran.typ")))) == 2


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_no_page_uses_a_word_that_has_a_better_one(page: Path) -> None:
    """Help and errors too: docs/reference has all of them."""
    text = " ".join(page.read_text().split())
    said = [(text[max(0, found.start() - 40) : found.end() + 20], row["say"]) for row in rows("words")
            for found in re.finditer(row["never"], text, re.IGNORECASE)]  # fmt: skip
    assert said == []


def test_every_variable_of_ours_is_documented() -> None:
    text = (DOCS / "reference/environment.md").read_text()
    sources = [path.read_text() for root in ("sopctl", "tests") for path in (CHECKOUT / root).rglob("*.py")]
    named = {name for source in sources for name in re.findall(r"environ(?:\.get\(|\[)\"(_?SOPCTL_\w+)\"", source)}
    assert named
    assert sorted(name for name in named if f"`{name}`" not in text) == []


def test_every_document_that_prints_command_lines_is_run_by_a_test() -> None:
    runs = {row["document"]: row for row in rows("printed")}
    assert sorted(runs) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md") if printed(page))
    for document, row in runs.items():
        walked = "site" in row or row["by"] == "lab/test_docs.py"
        assert walked or Path(document).stem in (CHECKOUT / "tests" / row["by"]).read_text(), document


@pytest.fixture
def handed_over(desk: Desk, clock: Clock, until_space: Callable[..., str]) -> str:
    """A server that was handed over a month ago, and not placed since."""
    clock.now = datetime.now(clock.now.tzinfo) - timedelta(days=30)
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-0001")
    handover.handover(desk, deposit)
    return deposit


@pytest.mark.parametrize("row", [row for row in rows("printed") if "site" in row], ids=lambda row: str(row["document"]))
def test_the_command_lines_run_as_they_are_printed(
    row: dict[str, Any], desk: Desk, handed_over: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of ours, for the machine's sake. `# exit 1` says that the answer is no."""
    if row["site"] == "placed":
        reservation.place(desk, handed_over)
    elif row["site"] != "none":
        assert row["site"] == "handed-over"
    folder = tmp_path / "nothing"
    folder.mkdir()
    monkeypatch.chdir(folder if row["site"] == "none" else desk.site.root)
    lines = as_run(row)
    assert lines
    for line in lines:
        here = line.replace("PS-2026-0001", handed_over).replace(" ~/", f" {tmp_path}/")  # which a shell would do
        words = shlex.split(here, comments=True)
        if words[0] == "cd":
            monkeypatch.chdir(words[1])
            continue
        if words[0] == "mkdir":
            Path(words[-1]).mkdir(exist_ok=True)
            continue
        if words[0] == "mv":
            Path(words[1]).rename(Path(words[2]) / words[1])
            continue
        words, into = (words[:-2], words[-1]) if words[-2:-1] == [">"] else (words, None)
        assert words[0] == "sopctl", line
        if into:
            Path(into).touch()  # as a shell does, before the command begins
        ran = CliRunner().invoke(cli, words[1:])
        assert ran.exit_code == (1 if "# exit 1" in line else 0), f"{line}: {ran.output} {ran.exception}"
        if into:
            Path(into).write_bytes(ran.stdout_bytes)


def test_the_indonesian_pages_print_the_same_command_lines() -> None:
    """So the test that runs the English ones runs them too."""
    assert printed(DOCS / "id/tutorial.md") == printed(DOCS / "tutorial.md")
    assert printed(DOCS / "id/README.md") == printed(CHECKOUT / "README.md")
