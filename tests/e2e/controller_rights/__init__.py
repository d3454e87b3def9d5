"""What the controller may do: no more than it does, and in some namespaces alone if so wished."""
