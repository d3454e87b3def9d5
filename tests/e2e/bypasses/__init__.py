"""Ways past the webhook that somebody may try, where only a control plane can tell how they end.

The others are tests/scenarios. A refusal counts only with our rule in its message: several of these
fail for other reasons even where the product is not installed.
"""
