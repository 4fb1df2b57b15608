"""What every reader of a Linux server has to agree on, so that it makes no difference which one read it."""
