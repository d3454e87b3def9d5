"""The ways in which a review is told, one file each."""
