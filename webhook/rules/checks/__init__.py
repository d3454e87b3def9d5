"""One rule a file; its docstring is the specification."""
