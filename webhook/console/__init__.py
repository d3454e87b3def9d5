"""The console: pages in which administrators see their fleet, change its settings and roll it."""
