"""The page of the tests, to come in by."""

from tests.page.conftest import site_with_units

__all__ = ["site_with_units"]
