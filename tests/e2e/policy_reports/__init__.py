"""Reports on servers in both APIs, on a real API server with its garbage collector."""
