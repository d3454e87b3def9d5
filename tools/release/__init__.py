"""One release of the chart on a control plane, and `make cluster`.

python -m tools.release        a cluster with the product on it, until Ctrl-C
"""
