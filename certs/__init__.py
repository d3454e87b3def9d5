"""Certificates of the webhook: issued, bundled, rotated and verified; pure, all times handed in."""
