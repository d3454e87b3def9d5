"""The reports of `review` and `audit`: one writer for each format, which serves both commands."""
