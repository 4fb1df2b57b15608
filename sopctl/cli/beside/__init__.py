"""What people need and the paper does not draw (di luar SOP)."""
