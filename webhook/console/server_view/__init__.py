"""One server: what its author wrote, what becomes of it, what is made for it and who reaches it."""
