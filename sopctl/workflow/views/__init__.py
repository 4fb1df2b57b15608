"""The site as people read it; nothing here changes anything."""
