"""The servers of a cluster as they are now: what `audit` reports, and `apply` restarts.

Findings are a pure function of the objects of the API server and the settings. inspection.py and
restart.py alone call the API server.
"""
