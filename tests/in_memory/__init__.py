"""What happens around a review when there is no control plane: defaults, both hooks, storage."""
