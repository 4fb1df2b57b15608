"""What is asked across all records of a site: who has which mark, and what time it is."""
