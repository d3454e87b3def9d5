"""Kubernetes' own admission plugins run before the webhook, and again after it changed a pod."""
