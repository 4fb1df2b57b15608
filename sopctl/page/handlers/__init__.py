"""What answers each address: one function each, which asks the workflow and picks a template."""
