"""What happens in the house and concerns no single deposit, as the books of the house say it."""
