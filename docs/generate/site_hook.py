"""A hook of mkdocs: what pages link to beside docs/ (the monitoring's files) is part of the site too."""

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
    """Link to them where they are in the site."""
    return markdown.replace(f"](../../{BESIDE}/", f"](../{BESIDE}/")
