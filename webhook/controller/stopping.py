"""Stops the controllers, which would put back what is removed, and waits for their last pod.

A controller that is scaled down finishes the step that it has begun. So nothing that it writes is
removed before its pods are gone.
"""

import asyncio

from webhook.controller.installation import (
    CERTIFICATES_DEPLOYMENT,
    CERTIFICATES_PODS,
    CONTROL_DEPLOYMENT,
    CONTROL_PODS,
)
from webhook.kube import Api, NotFound, namespaced

CONTROLLERS = {CONTROL_DEPLOYMENT: CONTROL_PODS, CERTIFICATES_DEPLOYMENT: CERTIFICATES_PODS}
"""The Deployments of the controllers, and the labels of their pods."""

SECONDS_TO_STOP = 90.0
PAUSE = 0.5


class StillRunningError(Exception):
    """A controller does not stop; one sentence that says what to do."""


async def stop_controller(api: Api, namespace: str, deployment: str) -> bool:
    """Scale a controller to nothing, and wait for the end of its pods; whether it was there.

    Raises StillRunningError where they do not end, and ApiError.
    """
    scale = namespaced("apps/v1", "deployments", namespace, deployment, "scale")
    try:
        await api.patch(scale, {"spec": {"replicas": 0}}, kind="merge")
    except NotFound:
        return False
    pods, clock = namespaced("v1", "pods", namespace), asyncio.get_running_loop().time
    ends = clock() + SECONDS_TO_STOP
    while (await api.list(pods, label_selector=CONTROLLERS[deployment])).items:
        if clock() > ends:
            raise StillRunningError(
                f"the pods of Deployment {namespace}/{deployment} do not end: delete them, and run "
                "this again"
            )
        await asyncio.sleep(PAUSE)
    return True
