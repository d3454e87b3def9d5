"""Which objects the API server sends to which hook, counted by the serving process."""
