"""Papers that were signed: which revisions there are (chain), and what a file is (verdict)."""
