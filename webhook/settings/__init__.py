"""What the administrator decides: the model, its layers, quantities."""
