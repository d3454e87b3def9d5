"""What is asked of an MCP server, one file a rule."""
