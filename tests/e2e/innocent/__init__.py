"""What must work as if nobody watched: old objects, deletion, nodes, other people's namespaces."""
