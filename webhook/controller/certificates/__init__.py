"""The certificates of the webhook in the cluster: seen, judged, and rotated step by step."""
