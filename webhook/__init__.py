"""Admission webhook that hardens labelled MCP servers on Kubernetes."""
