"""The site itself, and what is around it."""
