"""A hook of mkdocs: what pages link to beside docs/ (the monitoring's files) is part of the site too, and a list goes
on after what stands within its items. A page whose numbered lists the site would cut is not built."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

BESIDE = "distribution/monitoring"


def on_files(files: Files, *, config: Any) -> Files:
    """Add the files."""
    root = Path(config["config_file_path"]).parent
    for path in sorted((root / BESIDE).iterdir()):
        files.append(File.generated(config, f"{BESIDE}/{path.name}", content=path.read_bytes()))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Link to them where they are in the site, and word lists for this renderer."""
    return _widened(markdown.replace(f"](../../{BESIDE}/", f"](../{BESIDE}/"))


def on_page_content(html: str, *, page: Page, **_: Any) -> str:
    """Refuse a page whose numbered lists are not those of its source."""
    shown = _Lists()
    shown.feed(html)
    if shown.numbered != (written := _numbered(page.markdown or "")):
        raise PluginError(f"{page.file.src_uri}: numbered lists of {written} items are shown as {shown.numbered}")
    return html


def _widened(markdown: str) -> str:
    """For GitHub (CommonMark), what stands within an item begins under the item's text; this renderer wants four
    columns, and an empty line before the item after it, or it ends the list there and begins the next with 1."""
    width, parted, fenced, lines = 0, False, False, [""]
    for line in markdown.split("\n"):
        if line.startswith("```"):
            fenced, width = not fenced, 0
        item = None if fenced else re.match(r"(?:\d+\.|[-*]) +", line)
        if item:
            if width and parted and lines[-1]:
                lines.append("")
            width, parted = item.end(), False
        elif not line:
            parted = True
        elif width and not line.startswith(" " * width) and not lines[-1]:
            width = 0
        within = width and not item and line.startswith(" " * width)
        lines.append("    " + line[width:] if within else line)
    return "\n".join(lines[1:])


def _numbered(markdown: str) -> list[int]:
    """How many items each numbered list has, by its numbers."""
    sizes: list[int] = []
    for number in re.findall(r"^(\d+)\. ", re.sub(r"^ *```.*?^ *```", "", markdown, flags=re.M | re.S), re.M):
        if number == "1":
            sizes.append(1)
        elif sizes and int(number) == sizes[-1] + 1:
            sizes[-1] += 1
    return sizes


class _Lists(HTMLParser):
    """How many items each numbered list of a page has, as it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.numbered: list[int] = []
        self._open: list[int] = []

    def handle_starttag(self, tag: str, _attributes: Any) -> None:
        if tag in ("ol", "ul"):
            self._open.append(0)
        elif tag == "li":
            self._open[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ol", "ul"):
            items = self._open.pop()
            if tag == "ol":
                self.numbered.append(items)
