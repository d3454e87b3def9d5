"""The formats of `audit`: one file each."""
