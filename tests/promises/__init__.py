"""What docs/coverage.md says to auditors holds, gaps included."""
