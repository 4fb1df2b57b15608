"""Around the procedure: making a site, validating it, rehearsing, timers."""
