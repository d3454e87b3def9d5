"""What docs/coverage.md says to auditors: that it holds, and that what it names exists."""
