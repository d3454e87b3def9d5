"""Ways past the webhook that somebody may try, each refused by a rule of ours or without effect.

A refusal counts only with our rule in its message: several of these fail for other reasons even
where the product is not installed.
"""
