"""The settings on their way: from the resource, under what is locked, into every replica."""
