"""YAML and JSON as Kubernetes reads them: values, lines and pointers in, YAML out."""
