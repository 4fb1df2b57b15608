"""The papers: what stands on them, and whether one is what was issued."""
