"""Write the table of variables into the README of each role, from its defaults/ and meta/. Run by `make docs`.

`--check` writes nothing, and ends with 1 where a README is not up to date.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).parents[2] / "playbooks" / "roles"


def main() -> int:
    """The number of READMEs that were not up to date."""
    stale = 0
    for role in sorted(path for path in ROLES.iterdir() if path.is_dir()):
        readme = role / "README.md"
        before = readme.read_text()
        head, heading, rest = before.partition("\n## Variables\n")
        assert heading, f"{readme} has no place for the variables"
        after = f"{head}{heading}\n{table(role)}\n{rest[rest.index('## ') :]}"
        stale += before != after
        if "--check" not in sys.argv and before != after:
            readme.write_text(after)
    return stale


def table(role: Path) -> str:
    """Each variable with its type, its default as defaults/main.yml has it, and what it is."""
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text()) or {}
    options: dict[str, Any] = {}
    for entry in yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"].values():
        options = (entry.get("options") or {}) | options
    lines = ["| variable | type | default | what it is |\n|---|---|---|---|\n"]
    for name in [*options, *(name for name in defaults if name not in options)]:
        option = options.get(name, {})
        cells = (f"`{name}`", option.get("type", ""), shown(defaults, name), str(option.get("description", "")).strip())
        lines.append(f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |\n")
    return "".join(lines)


def shown(defaults: dict[str, Any], name: str) -> str:
    """A default, short enough for a table."""
    if name not in defaults:
        return "needed"
    value = defaults[name]
    text = value if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True, width=1000).strip()
    text = text.removesuffix("...").strip()
    return f"`{text}`" if 0 < len(text) <= 120 else "empty" if not text else "see `defaults/main.yml`"


if __name__ == "__main__":
    stale = main()
    sys.exit(1 if stale and "--check" in sys.argv else 0)
