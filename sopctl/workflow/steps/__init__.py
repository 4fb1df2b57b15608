"""The steps of the procedure and what happens beside them: one function per verb."""
