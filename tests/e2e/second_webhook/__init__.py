"""Other people's mutating webhooks come before ours, after it, and again."""
