"""Which hook reviews what, as the design states it, one line a (resource, operation, change).

`M` is the mutating, `V` the validating hook; the three columns are a managed namespace, an
object that carries the opt-in label in any other namespace, and one that does not.
"""

from typing import NamedTuple


class Row(NamedTuple):
    group: str
    resource: str
    operation: str
    change: str
    managed: str
    opted_in: str
    unlabelled: str


CALLS = [
    Row("", "pods", "CREATE", "none", "MV", "MV", ""),
    Row("", "pods", "UPDATE", "none", "V", "V", ""),
    Row("", "pods", "UPDATE", "label", "V", "V", ""),
    Row("", "pods", "UPDATE", "spec", "MV", "MV", ""),
    Row("", "pods/ephemeralcontainers", "UPDATE", "none", "MV", "MV", ""),
    Row("", "pods/ephemeralcontainers", "UPDATE", "spec", "MV", "MV", ""),
    Row("", "pods/resize", "UPDATE", "none", "V", "V", ""),
    Row("", "pods/resize", "UPDATE", "spec", "V", "V", ""),
    Row("", "pods/status", "UPDATE", "none", "", "", ""),
    Row("", "pods/status", "UPDATE", "spec", "", "", ""),
    Row("", "pods/status", "UPDATE", "label", "V", "V", ""),
    Row("", "bindings", "CREATE", "none", "", "", ""),
    Row("", "bindings", "CREATE", "product label", "V", "V", "V"),
    Row("", "pods/binding", "CREATE", "none", "", "", ""),
    Row("", "pods/binding", "CREATE", "label", "", "", ""),
    Row("", "pods/binding", "CREATE", "product label", "V", "V", "V"),
    Row("", "pods/binding", "CREATE", "product annotation", "V", "V", "V"),
    Row("apps", "deployments", "CREATE", "none", "MV", "MV", ""),
    Row("apps", "deployments", "UPDATE", "none", "MV", "MV", ""),
    Row("apps", "deployments", "UPDATE", "spec", "MV", "MV", ""),
    Row("apps", "deployments/scale", "UPDATE", "none", "V", "", ""),
    Row("apps", "deployments/scale", "UPDATE", "spec", "V", "", ""),
    Row("apps", "statefulsets", "CREATE", "none", "V", "V", ""),
    Row("apps", "statefulsets", "UPDATE", "none", "V", "V", ""),
    Row("apps", "daemonsets", "CREATE", "none", "V", "V", ""),
    Row("apps", "daemonsets", "UPDATE", "none", "V", "V", ""),
    Row("apps", "replicasets", "CREATE", "none", "V", "V", ""),
    Row("apps", "replicasets", "UPDATE", "none", "V", "V", ""),
    Row("batch", "jobs", "CREATE", "none", "V", "V", ""),
    Row("batch", "jobs", "CREATE", "schedule", "M", "M", ""),
    Row("batch", "jobs", "UPDATE", "none", "V", "V", ""),
    Row("batch", "jobs", "UPDATE", "schedule", "", "", ""),
    Row("batch", "cronjobs", "CREATE", "none", "V", "V", ""),
    Row("batch", "cronjobs", "UPDATE", "none", "V", "V", ""),
    Row("", "replicationcontrollers", "CREATE", "none", "V", "V", ""),
    Row("", "replicationcontrollers", "UPDATE", "none", "V", "V", ""),
    Row("", "podtemplates", "CREATE", "none", "V", "V", ""),
    Row("", "podtemplates", "UPDATE", "none", "V", "V", ""),
]

# Not ours, however managed the namespace and labelled the object.
NEVER = [
    ("", "pods", "DELETE"),
    ("", "pods", "CONNECT"),
    ("", "pods/exec", "CONNECT"),
    ("", "pods/attach", "CONNECT"),
    ("", "pods/eviction", "CREATE"),
    ("", "services", "CREATE"),
    ("", "secrets", "UPDATE"),
    ("apps", "deployments", "DELETE"),
    ("apps", "deployments/status", "UPDATE"),
    ("apps", "replicasets", "DELETE"),
    ("apps", "replicasets/scale", "UPDATE"),
    ("apps", "statefulsets/scale", "UPDATE"),
    ("batch", "cronjobs", "DELETE"),
    ("batch", "jobs/status", "UPDATE"),
    ("example.com", "pods", "CREATE"),
    ("example.com", "deployments", "CREATE"),
]

MANAGED = [
    {"kubernetes.io/metadata.name": "mcp", "mcp-admission.dev/managed": "true"},
]
UNMANAGED = [
    {"kubernetes.io/metadata.name": "team"},
    {"kubernetes.io/metadata.name": "team", "mcp-admission.dev/managed": "false"},
    {"kubernetes.io/metadata.name": "team", "mcp-admission.dev/managed": "True"},
]
EXCLUDED = [
    {"kubernetes.io/metadata.name": "kube-system"},
    {"kubernetes.io/metadata.name": "kube-system", "mcp-admission.dev/managed": "true"},
    {"kubernetes.io/metadata.name": "mcp-admission-system"},
    {"kubernetes.io/metadata.name": "mcp-admission-system", "mcp-admission.dev/managed": "true"},
]
