"""The messages that are sent: their texts, and how they are handed over."""
