"""What the letter and the inspection said of a server, compared with what the machine says."""

from sopctl.model.facts.declared.comparing import Comparison, compare

__all__ = ["Comparison", "compare"]
