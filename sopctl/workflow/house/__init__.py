"""What else happens in the house: visits, maintenance, work on request, and what becomes of disks."""
