"""Settings as a form: what is typed, what becomes of it, what it would change, and saving it."""
