"""A file comes in parts, as commands would print it, and a reader who leaves ends it."""

from collections.abc import Iterator

from tests.console.conftest import Opened
from webhook.console.frame.download import PART_BYTES, FileAnswer, send_file
from webhook.console.frame.page import Route
from webhook.console.frame.visit import Visit

PATH = "/file"


async def test_parts_are_put_together(open_console: Opened) -> None:
    async def answer(visit: Visit) -> FileAnswer:
        return await send_file(visit, "a.txt", "text/plain", ["caf\u00e9 ", "\ud800", "x" * 10])

    console = await open_console([Route("GET", PATH, answer)])
    await console.sign_in()
    found = await console.get(PATH)

    assert found.text == f"caf\u00e9 \\ud800{'x' * 10}"
    assert found.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert found.headers["Content-Disposition"] == 'attachment; filename="a.txt"'
    assert "default-src 'none'" in found.headers["Content-Security-Policy"]


async def test_a_reader_who_leaves_ends_it(open_console: Opened) -> None:
    written: list[int] = []

    def parts() -> Iterator[str]:
        for number in range(10_000):
            written.append(number)
            yield "x" * PART_BYTES

    async def answer(visit: Visit) -> FileAnswer:
        found = await send_file(visit, "a.txt", "text/plain", parts())
        done.append(found)
        return found

    done: list[FileAnswer] = []
    console = await open_console([Route("GET", PATH, answer)])
    await console.sign_in()
    async with console.client.get(PATH) as response:
        await response.content.readexactly(PART_BYTES)
        response.close()
    await console.client.close()

    assert len(written) < 10_000
