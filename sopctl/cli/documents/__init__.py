"""What `--json` prints: a record for each document, which scripts rely on, and its JSON Schema.

Everything that a command prints as JSON is a record that `registry.py` names for it. They are apart from the records of
the house where those say less, or otherwise, than a script needs; any change of one, wherever it is, shows in
docs/reference/json.md, which a test compares. What is true of all of them:

- `schema` names the command and the version of its document; the version grows when a script must change.
- A text is never null: where there is none, it is empty. Anything else that is not known, or not there, is null.
- A time is ISO 8601 with its offset from UTC, a day is YYYY-MM-DD; a duration or size has its unit in its name.
- What may be many is a list, also of one; nothing that was found is the key of an object.
"""
