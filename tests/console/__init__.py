"""The console: its modules one by one, and its pages in a real browser."""
