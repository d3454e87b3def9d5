"""The scripts of `completion`: one file a shell."""
