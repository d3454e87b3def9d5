"""Pages of the console in Debian's Chromium, as people use them."""
