"""A hook of mkdocs: what pages link to beside docs/ (the monitoring's files) is part of the site too, and a
numbered list goes on after a block of commands within it."""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

BESIDE = "distribution/monitoring"


def on_files(files: Files, *, config: Any) -> Files:
    """Add the files."""
    root = Path(config["config_file_path"]).parent
    for path in sorted((root / BESIDE).iterdir()):
        files.append(File.generated(config, f"{BESIDE}/{path.name}", content=path.read_bytes()))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Link to them where they are in the site, and widen what stands within items: three columns are an item's own for
    GitHub, four for this renderer, which else ends the list there and begins the next step with 1."""
    fenced, lines = False, []
    for line in markdown.replace(f"](../../{BESIDE}/", f"](../{BESIDE}/").split("\n"):
        fenced ^= line.startswith("```")
        lines.append(line if fenced else re.sub(r"^ {3}(?=.)", "    ", line))
    return "\n".join(lines)
