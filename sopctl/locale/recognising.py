"""Sentences that stand in English in a record, or come so from a library, as the texts that they were made of."""

import re
from functools import cached_property
from string import Formatter

from sopctl.locale import Prose, Text

LONGEST = 2000
"""Characters of a sentence; a longer one is not looked at."""


class Recogniser:
    """Knows sentences by their templates. A place is one word; the last one may be several."""

    def __init__(self, *templates: str) -> None:
        self._whole = frozenset(each for each in templates if "{" not in each)
        self._with_places = [each for each in templates if "{" in each]

    @cached_property
    def _patterns(self) -> list[tuple[str, re.Pattern[str]]]:
        """Made when they are first asked for: most commands never do."""
        return [(each, _pattern(each)) for each in self._with_places]

    def text(self, sentence: str) -> Prose:
        """The sentence as a text; as it is where it is none of these."""
        if sentence in self._whole:
            return Text(sentence)
        if len(sentence) <= LONGEST:
            for template, pattern in self._patterns:
                if found := pattern.fullmatch(sentence):
                    return Text(template, **found.groupdict())
        return sentence


def _pattern(template: str) -> re.Pattern[str]:
    parts = list(Formatter().parse(template))
    places = [number for number, (_, name, _, _) in enumerate(parts) if name]
    made = ""
    for number, (text, name, _, _) in enumerate(parts):
        made += re.escape(text)
        if name:
            made += f"(?P<{name}>{'.+' if number == places[-1] else '[^ ]+'})"
    return re.compile(made, re.DOTALL)
