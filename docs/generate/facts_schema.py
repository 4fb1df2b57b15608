"""Print docs/reference/facts.schema.json: the JSON Schema of a facts document, from the model. Run by `make docs`."""

import msgspec

from sopctl.model.as_json import plainly_described
from sopctl.model.facts.server import ServerFacts

print(msgspec.json.format(msgspec.json.encode(plainly_described(msgspec.json.schema(ServerFacts))), indent=2).decode())
