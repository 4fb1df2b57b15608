"""What is true: typed records and pure rules. No clock, file, socket or terminal."""
