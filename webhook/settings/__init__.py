"""What an administrator may set, and how it is read."""
