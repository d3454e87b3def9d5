"""The settings resource: read, written for the replicas, and its status."""
