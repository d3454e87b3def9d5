"""Whether the API server calls the two hooks: asked under dry-run, so that nothing is stored."""

from tests import builders
from tools.cluster.control_plane import ControlPlane

APPS = "/apis/apps/v1/namespaces/default"


def fills_in(cluster: ControlPlane) -> bool:
    """The mutating hook reviews: a Deployment comes back hardened."""
    answer = cluster.raw("POST", f"{APPS}/deployments?dryRun=All", builders.server())
    assert answer.status == 201, answer.body.decode()
    return "securityContext" in answer.json()["spec"]["template"]["spec"]["containers"][0]


def warns_early(cluster: ControlPlane) -> bool:
    """The validating hook reviews: it alone speaks about a DaemonSet."""
    manifest = builders.of_kind("DaemonSet", hostNetwork=True)
    answer = cluster.raw("POST", f"{APPS}/daemonsets?dryRun=All", manifest)
    assert answer.status == 201, answer.body.decode()
    return any("(host-namespaces)" in warning for warning in answer.warnings)
