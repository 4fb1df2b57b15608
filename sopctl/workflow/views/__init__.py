"""The site as people read it. Nothing here changes a record."""
