"""Signatures of PDFs (PAdES) by pyHanko: the extra `sign`. Nothing here imports it before something is asked."""
