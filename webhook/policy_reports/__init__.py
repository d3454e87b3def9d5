"""Reports on what the rules say about each server, for dashboards that read them."""
