"""Comparison of NetworkPolicies: which policy of a user opens more than ours."""
