"""The controller as a real process beside the product, with the rights that are shipped."""
