"""mcp-admission: hardens labelled MCP servers at the Kubernetes API server's door."""
