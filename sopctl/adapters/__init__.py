"""What is outside: one outside system each, its errors translated at the edge."""
