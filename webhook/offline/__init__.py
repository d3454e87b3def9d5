"""The review without a cluster: files, charts and repositories in, results out."""
