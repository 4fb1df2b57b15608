"""What comes in: who has it already, what cannot be meant, what spreadsheets make of it, the addresses given out."""
