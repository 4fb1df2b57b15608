"""One module per platform: how it is read, and its configuration lines. Interface: ../driver.py."""
