"""The review without a cluster: files, charts and repositories in, one outcome an object out."""
