"""The resources of the product on a real API server."""
