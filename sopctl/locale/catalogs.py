"""The catalogs of translations, and texts worded by them."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from sopctl.locale import Language, Text, filled

FOLDER = Path(__file__).parent


@cache
def catalog(language: Language) -> NullTranslations:
    """The translations into a language. English needs none."""
    if language == "en":
        return NullTranslations()
    with (FOLDER / f"{language}.mo").open("rb") as file:
        return GNUTranslations(file)


def worded(said: str | Text, language: Language) -> str:
    """A text in a language. A string that is no entry of the catalog (what people or programs wrote) stays as it is."""
    if language == "en" or not said:
        return str(said)
    if isinstance(said, str):
        return catalog(language).gettext(said)
    values = {name: worded(each, language) if isinstance(each, Text) else each for name, each in said.values.items()}
    return said.finished(filled(said.found(catalog(language)), values))
