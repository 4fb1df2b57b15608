"""Adapters: one outside system each. Errors of its library are translated here."""
