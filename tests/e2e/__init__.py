"""The product behind a real API server, used as its users use it.

    python -m tests.e2e            control plane and product, left running: `make cluster`

`product.py` installs and operates it, `namespace.py` is where one scenario happens, `manifests.py`
are the objects that people apply.
"""
