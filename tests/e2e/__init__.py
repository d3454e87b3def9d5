"""The product behind a real API server, used as its users use it.

`product.py` installs and operates it, `namespace.py` is where one scenario happens, `manifests.py`
are the objects that people apply.
"""
