"""MCP servers: the objects of each Deployment, its Events and its drift."""
