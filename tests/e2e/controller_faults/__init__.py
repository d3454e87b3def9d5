"""The controller while networks and API servers fail, behind a proxy that makes them fail."""
