"""The console: pages that show the fleet and act on it, with the rights of whoever looks."""
