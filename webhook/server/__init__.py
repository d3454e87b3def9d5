"""HTTP and TLS: what the API server talks to."""
