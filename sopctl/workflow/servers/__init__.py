"""The servers themselves: how one is reached, looked at, and worked on."""
