"""`MCPServerSettings` on a real API server."""
