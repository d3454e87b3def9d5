"""Managed namespaces: their Pod Security labels and their network policy."""
