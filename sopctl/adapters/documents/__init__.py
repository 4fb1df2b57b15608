"""The papers that a government office files: a form as data in, PDF/A out."""

from sopctl.adapters.documents.forms import (
    ChecklistRow,
    Field,
    Form,
    HandoverForm,
    HandoverItem,
    InventoryForm,
    Letterhead,
    Paper,
    Party,
    Section,
    Stamp,
    Table,
)
from sopctl.adapters.documents.pdf import Place, appearance, places, render
from sopctl.adapters.documents.wording import long_date

__all__ = [
    "ChecklistRow",
    "Field",
    "Form",
    "HandoverForm",
    "HandoverItem",
    "InventoryForm",
    "Letterhead",
    "Paper",
    "Party",
    "Place",
    "Section",
    "Stamp",
    "Table",
    "appearance",
    "long_date",
    "places",
    "render",
]
