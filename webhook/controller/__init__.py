"""The controller: what it sees in the cluster, and what it makes there."""
