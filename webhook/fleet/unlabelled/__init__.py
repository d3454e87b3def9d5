"""Workloads that look like MCP servers and carry no label: what they show, and who they are."""
