"""A word to kubelets: a pod that changes gets its Secrets and ConfigMaps at once.

Without it, they come within a minute or two (kubelet, configMapAndSecretChangeDetectionStrategy).
"""

import logging

from webhook import names
from webhook.controller.installation import Installation
from webhook.kube.api import Api
from webhook.kube.errors import ApiError
from webhook.kube.paths import namespaced

LOG = logging.getLogger(__name__)


async def sync_pod_volumes(
    api: Api, places: Installation, pod: str, what: str, version: str
) -> None:
    """Annotate a pod of the installation with the version of `what` that it should get.

    Where that fails, it is logged: the kubelet comes by itself, later.
    """
    annotations = {"metadata": {"annotations": {f"{names.PREFIX}{what}": version}}}
    path = namespaced("v1", "pods", places.namespace, pod)
    try:
        await api.patch(path, annotations, kind="merge")
    except ApiError as error:
        LOG.warning("pod not touched", extra={"fields": {"reason": error.message}})
