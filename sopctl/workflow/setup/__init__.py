"""Around the procedure: making a site, checking it, rehearsing, timers."""
