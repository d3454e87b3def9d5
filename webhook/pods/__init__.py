"""A pod that rules read and edit in place, with the JSON patch of the edits."""
