"""Print docs/reference/json.md: what `--json` prints, from the records that are printed; with `--schema`, the JSON
Schema of it, docs/reference/json.schema.json. Run by `make docs`."""

import sys
from typing import Any

import msgspec

from sopctl.cli.documents import registry

HEAD = """\
# What `--json` prints

Made by `make docs` from the records in `sopctl/cli/documents/`; [json.schema.json](json.schema.json) is the same as a
JSON Schema. A test validates the output of every command that the tests run against it.

- A command prints one document on standard output. `schema` names the command and the version of its document:
  `sopctl/rack/show/1`. After the first release, the version increases when a key or an enumerated value is removed
  or changes its meaning, not when one is added; until then it is 1.
- A command that fails without a result prints `sopctl/error/1` instead. Its `id` identifies the error
  ([errors](errors.md)), and its `exit_code` is that of the command.
- Whatever can have several elements is always a list, even with one element. Keys of objects are fixed, never data.
- A text is never null; a missing one is empty. Any other unknown value is null. Every key is always there,
  except in `Data`, which has only what an event established.
- An enumerated value is a code in lower case with hyphens (`not-checked`), the same in every language; a screen shows
  words instead. Two kinds are spelled otherwise: the words of the SOP and its forms, as the histories have them
  (`tidak bisa`, `rusak ringan`), and names that come from elsewhere (a key of a record, an algorithm, a PAdES level).
- Times are ISO 8601 with their offset from UTC, days `YYYY-MM-DD`. The name of a duration or size contains its unit.
- What can be done is a [Command](#command): `argv` for exec, and what a person has to supply after it. sopctl refuses a
  placeholder (`…`, `<why>`, `TODO`) as a value.

`sopctl check --format ndjson` prints one line for each result, each a [CheckedServer](#checkedserver).
"""


def main() -> None:
    """Print the reference, or the schema."""
    whole = registry.schemas()
    if "--schema" in sys.argv:
        print(msgspec.json.format(msgspec.json.encode(whole), indent=1).decode())
        return
    records: dict[str, dict[str, Any]] = whole["$defs"]
    parts = [HEAD, "| `schema` | record |\n|---|---|"]
    for command in registry.DOCUMENTS:
        found = [_link(name) for name, each in records.items() if _is_of(each, registry.id_of(command))]
        assert len(found) == len(registry.kinds(command))
        parts.append(f"| `{registry.id_of(command)}` | {' or '.join(found)} |")
    for name, record in records.items():
        parts.append(f"\n## {name}\n\n{record['description']}\n\n| key | holds |\n|---|---|")
        for key, kind in record["properties"].items():
            said = "its id, above" if key == "schema" else _kind(kind)
            parts.append(f"| `{key}` | {said} |")
    print("\n".join(parts))


def _is_of(record: dict[str, Any], id: str) -> bool:
    return id in record["properties"].get("schema", {}).get("enum", ())


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _kind(kind: dict[str, Any]) -> str:
    """A part of a schema, in words."""
    if "$ref" in kind:
        return _link(kind["$ref"].rpartition("/")[2])
    if "enum" in kind:
        return " \\| ".join(f"`{each}`" if each != "" else "empty" for each in kind["enum"])
    if "anyOf" in kind:
        return ", or ".join(map(_kind, kind["anyOf"]))
    if kind["type"] == "array":
        return f"list of {_kind(kind['items'])}"
    formats = {"date": "day", "date-time": "time"}
    names = {"string": "text", "boolean": "true or false"}
    return formats.get(kind.get("format", "")) or names.get(kind["type"], kind["type"])


if __name__ == "__main__":
    main()
