"""Client and runtime of the Kubernetes API: calls, watch, cache, queue, Lease, Events."""
