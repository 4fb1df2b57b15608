"""What the page keeps of those who use it: accounts, sessions, one-time links, drafts, and who was refused. None of it
is a record: what people decide goes into the histories as it does from the command line."""
