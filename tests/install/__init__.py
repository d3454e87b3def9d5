"""What a fresh machine does with the lock files: exactly what they pin is installed, for ever.

No test here uses a network: the packages are tiny wheels in an index of files.
"""
