"""What the product promises, told once and proven on two backends.

Each scenario runs in memory, with the steps of an API server around the engine, and on a control
plane with the product installed. The first is fast, the second shows that the first is like
Kubernetes. `cluster.py` says what both can do.

What one backend alone can express stands elsewhere:

    tests/e2e/bypasses    kubectl, server-side apply, raw text, rollouts, deletion, and what the API
                          server itself refuses or drops
    tests/promises        the registrations, a webhook that comes after ours, shapes that no API
                          server lets through
    tests/reference       settings by environment variables: the product of the other backend has
                          none
"""
