"""What a person reads: deposits, racks, switches, procedures, documents."""
