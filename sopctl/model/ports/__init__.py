"""Switch ports: how they should be set, how they are set, and the changes between."""
