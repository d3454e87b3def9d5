"""The servers of a cluster as they are now: what `audit` tells of them, and `apply` does to them.

What is told is a pure function of what the API server has and the settings; audit.py and roll.py
alone call the API server.
"""
