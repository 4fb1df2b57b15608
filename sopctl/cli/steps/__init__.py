"""The steps of the procedure."""
