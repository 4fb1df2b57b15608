"""What happens to a deposit beside the paper: it is moved, a form is issued once more, it leaves without a return."""
