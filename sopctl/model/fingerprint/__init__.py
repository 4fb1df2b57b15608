"""What a configuration left on a server, fact by fact, and what differs from it: reading, words, whose it is."""
