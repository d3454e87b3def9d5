"""Client and runtime of the Kubernetes API: calls, watch, cache, queue, Lease, Events."""

from webhook.kube.access.credentials import Credentials, FixedHeader, bearer
from webhook.kube.api import Api
from webhook.kube.cache import Cache
from webhook.kube.errors import (
    AlreadyExists,
    ApiError,
    ConfigurationError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    TooManyRequests,
)
from webhook.kube.informer import Informer, ListWatch, Restarted
from webhook.kube.leader import lead
from webhook.kube.lease import Connect, Lease
from webhook.kube.messages import FIELD_MANAGER, cluster_wide, namespaced, time_text
from webhook.kube.pages import Turn, text_within
from webhook.kube.reconcile import Controller, Reconciler
from webhook.kube.work_queue import Backoff, NamespacedName, Queue

__all__ = [
    "FIELD_MANAGER",
    "AlreadyExists",
    "Api",
    "ApiError",
    "Backoff",
    "Cache",
    "ConfigurationError",
    "Conflict",
    "Connect",
    "Controller",
    "Credentials",
    "FixedHeader",
    "Forbidden",
    "Gone",
    "Informer",
    "Invalid",
    "Lease",
    "ListWatch",
    "NamespacedName",
    "NotFound",
    "Queue",
    "Reconciler",
    "Restarted",
    "TooManyRequests",
    "Turn",
    "bearer",
    "cluster_wide",
    "lead",
    "namespaced",
    "text_within",
    "time_text",
]
