"""Ways to come in beside a password: a second factor, an identity provider, tokens of programs."""
