"""`manifests/install/`: the chart with its default values, as plain YAML for kubectl.

One numbered file for each kind of object, in the order in which they are applied: what others need
comes first, the registrations last.
"""

from pathlib import Path

import yaml

from tools.chart.helm import NAMESPACE, Helm, Json, is_hook
from tools.chart.shipped import FOLDER

HEAD = "# Made from manifests/chart by `make docs`.\n"
ORDER = (
    ("Namespace", "00-namespaces"),
    ("CustomResourceDefinition", "10-customresourcedefinitions"),
    ("ServiceAccount", "20-serviceaccounts"),
    ("ClusterRole", "30-clusterroles"),
    ("ClusterRoleBinding", "31-clusterrolebindings"),
    ("Role", "32-roles"),
    ("RoleBinding", "33-rolebindings"),
    ("ConfigMap", "40-configmap"),
    ("NetworkPolicy", "50-networkpolicies"),
    ("Service", "51-services"),
    ("PodDisruptionBudget", "52-poddisruptionbudgets"),
    ("Deployment", "60-deployments"),
    ("MutatingWebhookConfiguration", "70-mutatingwebhookconfiguration"),
    ("ValidatingWebhookConfiguration", "71-validatingwebhookconfiguration"),
    ("ValidatingAdmissionPolicy", "80-validatingadmissionpolicy"),
    ("ValidatingAdmissionPolicyBinding", "81-validatingadmissionpolicybinding"),
)


def own_namespace() -> Json:
    """The namespace that `helm install --create-namespace` would make."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": NAMESPACE,
            "labels": {
                "app.kubernetes.io/name": "mcp-admission",
                "pod-security.kubernetes.io/enforce": "restricted",
                "pod-security.kubernetes.io/enforce-version": "latest",
            },
        },
    }


def install(helm: Helm) -> dict[Path, str]:
    """Each file with its text."""
    found = [own_namespace(), *(each for each in helm.objects() if not is_hook(each))]
    texts = {
        FOLDER / f"{name}.yaml": HEAD + yaml.dump_all(
            [each for each in found if each["kind"] == kind], sort_keys=False, width=100
        )
        for kind, name in ORDER
    }  # fmt: skip
    missing = {each["kind"] for each in found} - {kind for kind, _ in ORDER}
    if missing:
        raise ValueError(f"say in ORDER where {', '.join(sorted(missing))} comes")
    return texts
