"""Renders Helm charts and kustomizations with the tools that are on the path.

A repository is not trusted: the tools run without a shell, network, plugins and the user's
configuration, with bounded time and output, and read no file outside of the chart.
"""

import json
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

from webhook.documents import Document, DocumentError, reader
from webhook.offline import renderable
from webhook.offline.repository import InputSource, ReadMode
from webhook.offline.templates import HelmSources, RenderedDocument, Template, open_template

SECONDS = 60
_ORIGIN = "config.kubernetes.io/origin"
# Nothing listens on this port: every download of a tool fails.
_NOWHERE = "http://127.0.0.1:9"
_LONGEST_REASON = 300
_PART = 1 << 16


class RenderError(Exception):
    """Why something cannot be rendered, in one sentence."""


class MissingToolError(RenderError):
    """The tool that renders it is not installed."""


class RenderedSource:
    """What a chart or kustomization becomes, and the files its documents are made from."""

    def __init__(self, text: bytes, path_of: Callable[[Document], Path]) -> None:
        self.text = text
        self._path_of = path_of
        self._opened: dict[Path, Template] = {}
        self._counts: dict[Path, int] = {}

    def at_home(self, document: Document) -> RenderedDocument:
        """The document in the file that it is made from; each file counts its own."""
        path = self._path_of(document)
        if path not in self._opened:
            self._opened[path] = open_template(path)
        self._counts[path] = self._counts.get(path, 0) + 1
        same = {one.name: getattr(document, one.name) for one in fields(document)}
        own = {"source": str(path), "index": self._counts[path]}
        return RenderedDocument(**{**same, **own}, template=self._opened[path])

    def about(self, error: DocumentError) -> str:
        """Why a document cannot be read, with the template that made it where that is known."""
        name = HelmSources(self.text).above(error.line or 1)
        return f"what {name or 'it'} becomes cannot be read: {error.sentence}"


def render_source(item: InputSource, namespace: str) -> RenderedSource:
    """Render a chart or kustomization; raises RenderError."""
    folder = Path(item.path)
    with tempfile.TemporaryDirectory(prefix="mcp-admission-") as name:
        home = Path(name).resolve()
        if item.how is ReadMode.HELM:
            return _chart(folder, namespace, home)
        return _kustomization(folder, home)


def _chart(folder: Path, namespace: str, home: Path) -> RenderedSource:
    _refuse_links(folder)
    helm = _tool("helm")
    words = ["template", str(folder.absolute()), "--include-crds", "--namespace", namespace]
    text = _output([helm, *words], home)
    sources = HelmSources(text)

    def path_of(document: Document) -> Path:
        path = folder / sources.above(document.line("")).partition("/")[2]
        return path if path.is_file() else folder / renderable.CHART_FILE

    return RenderedSource(text, path_of)


def _kustomization(folder: Path, home: Path) -> RenderedSource:
    found = renderable.kustomization_in(folder, [path.name for path in folder.iterdir()])
    if found and found.remote:
        raise RenderError(f"{found.remote[0]} is no path here, and is not fetched: copy it here")
    # A kustomization around this one, whose objects say from which files they are.
    around = home / renderable.KUSTOMIZATION_FILES[0]
    inside = os.path.relpath(folder.resolve(), home)
    around.write_text(f"buildMetadata: [originAnnotations]\nresources: [{json.dumps(inside)}]\n")
    tool = _tool("kubectl", "kustomize")
    words = [tool, "kustomize" if Path(tool).stem == "kubectl" else "build"]

    def path_of(document: Document) -> Path:
        name = _origin(document.value)
        return _shown(
            (home / name).resolve() if name else folder / renderable.KUSTOMIZATION_FILES[0]
        )

    return RenderedSource(_output([*words, str(home)], home), path_of)


def _origin(value: Any) -> str:
    """The file that kustomize names in an annotation, which is removed."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    text = annotations.pop(_ORIGIN, "") if isinstance(annotations, dict) else ""
    if not annotations and isinstance(metadata, dict):
        metadata.pop("annotations", None)
    origin = reader.read_documents(text, _ORIGIN)[0].value if text else {}
    return str(origin.get("path") or origin.get("configuredIn") or "")


def _shown(path: Path) -> Path:
    """The path relative to the current folder, if it is below it."""
    here = Path.cwd().resolve()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _tool(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        said = " or ".join(names)
        raise MissingToolError(f"--render needs {said}, which is not on the path: install it")
    return found


def _output(command: Sequence[str], home: Path) -> bytes:
    """What a tool writes; the user's environment is not passed to it."""
    system = {key: os.environ[key] for key in ("SYSTEMROOT", "LANG") if key in os.environ}
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _NOWHERE)
    homes = {key: str(home) for key in ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    nothing = {"PATH": str(home), "KUBECONFIG": os.devnull, "HELM_PLUGINS": str(home / "plugins")}
    environment = {**system, **nowhere, **homes, **nothing}
    try:
        ended = run_bounded(command, environment, seconds=SECONDS, most=reader.MAX_BYTES)
    except OSError as error:
        raise RenderError(f"{command[0]} cannot be run ({error.strerror})") from None
    if ended.code is None:
        why = f"took more than {SECONDS} seconds" if ended.late else "wrote more than 64 MiB"
        raise RenderError(f"{Path(command[0]).name} {why}, and was stopped")
    if ended.code:
        said = " ".join(ended.err.decode("utf-8", "replace").split())
        if len(said) > _LONGEST_REASON:
            said = f"... {said[-_LONGEST_REASON:].partition(' ')[2]}"
        raise RenderError(f"{Path(command[0]).name} cannot render it: {said}")
    return ended.out


def _refuse_links(folder: Path) -> None:
    """Refuse links that leave the chart: Helm would show what they lead to."""
    inside = folder.resolve()
    for around, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(around, name)
            if path.is_symlink() and not path.resolve().is_relative_to(inside):
                raise RenderError(f"{path} leads out of the chart: put the file itself there")


class ProcessResult(NamedTuple):
    """What a program wrote, and its exit code, None if it was stopped; `late`: by the time."""

    out: bytes
    err: bytes
    code: int | None
    late: bool


def run_bounded(
    command: Sequence[str], environment: Mapping[str, str], *, seconds: float, most: int
) -> ProcessResult:
    """Run a program, and stop it after a time or when it writes too many bytes.

    Raises OSError if it cannot be started.
    """
    process = subprocess.Popen(  # noqa: S603 - no shell; callers name the program by its path
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        out, err = bytearray(), bytearray()
        until = time.monotonic() + seconds
        streams = {process.stdout.fileno(): out, process.stderr.fileno(): err}
        late = not _read(streams, until, most)
        stopped = late or len(out) > most or len(err) > most
        if stopped:
            # What it has started itself must not outlive it.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    return ProcessResult(bytes(out), bytes(err), None if stopped else code, late)


def _read(streams: Mapping[int, bytearray], until: float, most: int) -> bool:
    """Read until all streams end or one is too long; false if the time is over before."""
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            left = until - time.monotonic()
            if left <= 0:
                return False
            for key, _ in selector.select(left):
                part = os.read(key.fd, _PART)
                streams[key.fd].extend(part)
                if not part:
                    selector.unregister(key.fd)
                if len(streams[key.fd]) > most:
                    return True
    return True
