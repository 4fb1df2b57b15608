"""The commands about what else happens in the house."""
