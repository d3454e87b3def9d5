"""What may happen to a pod on its way into an API server, all of it installed at once.

A namespace has one kind of admission, by its label, so that rounds take turns and meet the same
minute of the machine:

  none       nothing
  beside     the product is installed and not meant: the conditions of its registrations are asked
  ours       both registrations as the chart has them, in a managed namespace
  floor      a mutating and a validating registration of the Go floor, without conditions
  in-tree    MutatingAdmissionPolicy and ValidatingAdmissionPolicy that do the same job (CEL)
  once       the same with `reinvocationPolicy: Never`

The policies are those of `in_tree_policies.yaml`: all fields that the product fills in on such a
pod, and all of the restricted profile. They leave out the record of what was filled in, the
settings and everything that depends on them, LimitRanges, exceptions, workloads other than new
pods, and reasons with the place of the fault. With `IfNeeded`, as the product's registrations have
it, the API server evaluates a policy twice for each pod that it changes; with `Never` once, and
what others change afterwards stays as they leave it.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.product import API, Product
from tests.e2e.system import NAME, NAMESPACE
from tools.bench.created_pods import fault_of_filled_in, fault_of_untouched, pod
from tools.cluster.authority import Authority
from tools.cluster.control_plane import ControlPlane
from tools.cluster.ports import LOOPBACK, free_ports

Json = dict[str, Any]

NONE, BESIDE, OURS, FLOOR, IN_TREE, ONCE = ADMISSIONS = (
    "none", "beside", "ours", "floor", "in-tree", "once",
)  # fmt: skip
LABEL = "bench"
MANAGED = {"mcp-admission.dev/managed": "true"}
POLICIES = Path(__file__).with_name("in_tree_policies.yaml")
FILLED_IN = (OURS, IN_TREE, ONCE)
HOOKS = ("mutating", "validating")
SERVICE = "bench-floor"
KINDS = {
    "MutatingAdmissionPolicy": "mutatingadmissionpolicies",
    "MutatingAdmissionPolicyBinding": "mutatingadmissionpolicybindings",
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
}
CALLS = "apiserver_admission_webhook_admission_duration_seconds_count"


class NotOfferedError(Exception):
    """The API server has no MutatingAdmissionPolicy of version v1."""


@contextmanager
def all_installed(cluster: ControlPlane, floor: Path) -> Iterator[Mapping[str, str]]:
    """Install everything; gives the namespace of each admission, once each of them is in force.

    Raises `NotOfferedError` where the API server is older than the policies.
    """
    offered = {each["name"] for each in cluster.get(API)["resources"]}
    if not offered.issuperset(KINDS.values()):
        raise NotOfferedError(f"Kubernetes {cluster.versions['kube-apiserver']} lacks the policies")
    labels = {each: {LABEL: each} for each in ADMISSIONS}
    labels[OURS] |= MANAGED
    namespaces = {each: cluster.namespace(each, labels[each]) for each in ADMISSIONS}
    with Product(cluster):
        _keep_to(cluster, [OURS, BESIDE])
        _install_floor(cluster, floor)
        for policy in policies():
            cluster.create(f"{API}/{KINDS[policy['kind']]}", policy)
        for each, namespace in namespaces.items():
            cluster.wait_for(f"{each} in force", lambda: _in_force(cluster, each, namespace))  # noqa: B023
        yield namespaces


def fault(admission: str, stored: Json) -> str | None:
    """What is wrong with a stored pod after this admission; None when it is right."""
    check = fault_of_filled_in if admission in FILLED_IN else fault_of_untouched
    return check(stored)


def calls(cluster: ControlPlane, webhook: str) -> int:
    """How often the API server has called a webhook with success, by its own count."""
    said = cluster.raw("GET", "/metrics").body.decode()
    named = rf'^{CALLS}{{(?=.*\bname="{re.escape(webhook)}")(?=.*rejected="false").*}} (\S+)$'
    return int(sum(map(float, re.findall(named, said, re.MULTILINE))))


def floor_webhooks() -> tuple[str, ...]:
    """The names of the floor's two webhooks."""
    return tuple(f"{hook}.floor.bench.example" for hook in HOOKS)


def policies() -> list[Json]:
    """Policies and bindings of both in-tree admissions."""
    text = POLICIES.read_text(encoding="utf-8")
    found = list(yaml.safe_load_all(text))
    once = yaml.safe_load_all(
        text.replace(f"{LABEL}: {IN_TREE}", f"{LABEL}: {ONCE}")
        .replace("reinvocationPolicy: IfNeeded", "reinvocationPolicy: Never")
        .replace("ame: bench-", "ame: bench-once-")
    )
    return [*found, *once]


def _keep_to(cluster: ControlPlane, admissions: list[str]) -> None:
    """Let the product's registrations look at these namespaces alone.

    As they are, they would ask their conditions about the pods of all the others too.
    """
    only = {"key": LABEL, "operator": "In", "values": admissions}
    for hook in HOOKS:
        path = f"{API}/{hook}webhookconfigurations/{NAME}"
        operations = [
            {
                "op": "add",
                "path": f"/webhooks/{number}/namespaceSelector/matchExpressions/-",
                "value": only,
            }
            for number in range(len(cluster.get(path)["webhooks"]))
        ]
        answer = cluster.raw("PATCH", path, operations, "application/json-patch+json")
        assert answer.status == 200, answer.body


def _install_floor(cluster: ControlPlane, floor: Path) -> None:
    authority = Authority(cluster.folder / SERVICE / "pki")
    pair = authority.server("serving", [f"{SERVICE}.{NAMESPACE}.svc"])
    (port,) = free_ports(1)
    command: list[str | Path] = [floor, "-listen", f"{LOOPBACK}:{port}"]
    command += ["-cert", pair.certificate, "-key", pair.key]
    cluster.components.beside(SERVICE, command).start()
    service = cluster.local_service(NAMESPACE, SERVICE, port)
    bundle = base64.b64encode(authority.pair.certificate.read_bytes()).decode()
    for hook, name in zip(HOOKS, floor_webhooks(), strict=True):
        registration = _floor_registration(hook, name, {**service, "path": f"/{hook}"}, bundle)
        cluster.create(f"{API}/{hook}webhookconfigurations", registration)


def _floor_registration(hook: str, name: str, service: Json, bundle: str) -> Json:
    """One webhook for new pods."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
    webhook = {
        "name": name,
        "clientConfig": {"service": service, "caBundle": bundle},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "timeoutSeconds": 5,
        "failurePolicy": "Fail",
        "namespaceSelector": {"matchLabels": {LABEL: FLOOR}},
        "rules": [{**rule, "operations": ["CREATE"], "scope": "Namespaced"}],
    }
    kind = f"{hook.capitalize()}WebhookConfiguration"
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": SERVICE},
        "webhooks": [webhook],
    }


def _in_force(cluster: ControlPlane, admission: str, namespace: str) -> bool:
    """Whether a pod comes out as it should, and what should be refused or called is."""
    path = f"/api/v1/namespaces/{namespace}/pods?dryRun=All"
    answer = cluster.raw("POST", path, pod(1))
    if answer.status != 201 or fault(admission, answer.json()) is not None:
        return False
    if admission == FLOOR:
        return all(calls(cluster, webhook) > 0 for webhook in floor_webhooks())
    if admission in FILLED_IN:
        shared = pod(1)
        shared["spec"]["hostNetwork"] = True
        return cluster.raw("POST", path, shared).status in {403, 422}
    return True
