"""Where checks are made: in this process, or by workers in the networks that have them."""
