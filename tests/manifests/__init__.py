"""The shipped YAML, proved without a cluster."""
