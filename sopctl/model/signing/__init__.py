"""Signatures of papers: what can be true of one, and whose it is."""
