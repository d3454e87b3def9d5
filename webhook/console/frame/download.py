"""An answer that browsers keep as a file, in parts: that of ten thousand servers is long."""

from collections.abc import Iterable

from aiohttp import web

from webhook.console.frame.visit import Visit
from webhook.kube import Turn

FileAnswer = web.StreamResponse
PART_BYTES = 64 * 1024


async def send_file(
    visit: Visit, name: str, content_type: str, parts: Iterable[str]
) -> web.StreamResponse:
    """Answer with the parts, in UTF-8 as commands print them; others have their turn meanwhile."""
    response = web.StreamResponse()
    response.content_type, response.charset = content_type, "utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    turn, waiting = Turn(), bytearray()
    try:
        await response.prepare(visit.request)
        for part in parts:
            waiting += part.encode("utf-8", "backslashreplace")
            if len(waiting) >= PART_BYTES:
                await response.write(bytes(waiting))
                waiting.clear()
            await turn.end()
        await response.write_eof(bytes(waiting))
    except ConnectionError:
        # The reader has left.
        pass
    return response
