"""Every request to the API server is counted, by what it does to which resource."""

from collections.abc import Callable

import aiohttp

from webhook.kube.api import Api
from webhook.kube.api_request import ApiRequest

Sent = Callable[[str, str], None]


def _nobody(_verb: str, _resource: str) -> None:
    """Nobody asked."""


class CountedApi(Api):
    """`sent` is told verb and resource of each request, before it is sent."""

    sent: Sent = staticmethod(_nobody)

    async def _send(
        self, request: ApiRequest, ends: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        self.sent(request.verb, request.resource)
        return await super()._send(request, ends)
