"""What is done about what was seen: one file for each concern.

Each looks at the caches, compares with what `objects` wants, and writes only where they differ.
"""
