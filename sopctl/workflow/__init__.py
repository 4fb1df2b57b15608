"""What happens: one function per verb of the procedure."""
