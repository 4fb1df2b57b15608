"""What reads a source other than the server itself, or a tool with a format of its own."""
