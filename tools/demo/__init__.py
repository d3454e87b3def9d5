"""The main job, shown on one real-looking MCP server."""
