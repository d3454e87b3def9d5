"""What `check` and `status` say of an installation: a table of checks, each a pure judgment.

readings.py alone calls the API server. No Secret is read.
"""
