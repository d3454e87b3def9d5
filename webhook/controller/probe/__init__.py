"""The self-probe: whether pods are really filled in and refused, asked of the API server itself."""
