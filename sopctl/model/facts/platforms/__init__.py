"""What a platform of network appliances prints, as fields of ServerFacts: one module a platform, of netmiko's name for
it. A module here is all that a new platform needs; `Reader` in ../appliance.py says what is in it."""

import pkgutil

KNOWN = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))
"""The platforms that can be read, by name."""
