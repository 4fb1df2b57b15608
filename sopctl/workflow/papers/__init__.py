"""The papers: what they say, how they are exported, and whether one is what was issued."""
