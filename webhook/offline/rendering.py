"""What Helm charts and kustomizations become, by the tools that are on the path.

A repository is not to be trusted: no shell, no network, no plugins, no configuration of the user,
bounded time and output, and no file outside of the chart.
"""

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from webhook.documents import reader
from webhook.documents.reader import Document, DocumentError
from webhook.offline import charts, kustomizations
from webhook.offline.bounded import run
from webhook.offline.repository import How, Item
from webhook.offline.templates import HelmSources, Rendered, Template, opened

SECONDS = 60
_ORIGIN = "config.kubernetes.io/origin"
# Nobody listens there: what a tool wants to fetch cannot be fetched.
_NOWHERE = "http://127.0.0.1:9"
_LONGEST_REASON = 300


class RenderError(Exception):
    """Why something cannot be rendered, in one sentence."""


class MissingToolError(RenderError):
    """What renders it is not installed."""


class Output:
    """What a chart or kustomization becomes, and the files that its documents are made from."""

    def __init__(self, text: bytes, path_of: Callable[[Document], Path]) -> None:
        self.text = text
        self._path_of = path_of
        self._opened: dict[Path, Template] = {}
        self._counts: Counter[Path] = Counter()

    def at_home(self, document: Document) -> Rendered:
        """The document in the file that it is made from; each file counts its own."""
        path = self._path_of(document)
        if path not in self._opened:
            self._opened[path] = opened(path)
        self._counts[path] += 1
        same = {one.name: getattr(document, one.name) for one in fields(document)}
        own = {"source": str(path), "index": self._counts[path]}
        return Rendered(**{**same, **own}, template=self._opened[path])

    def about(self, error: DocumentError) -> str:
        """Why a document cannot be read, with the template that made it where that is known."""
        name = HelmSources(self.text).above(error.line or 1)
        return f"what {name or 'it'} becomes cannot be read: {error.sentence}"


def rendered(item: Item, namespace: str) -> Output:
    """What a chart or kustomization becomes; raises RenderError."""
    folder = Path(item.path)
    with tempfile.TemporaryDirectory(prefix="mcp-admission-") as name:
        home = Path(name).resolve()
        if item.how is How.HELM:
            return _chart(folder, namespace, home)
        return _kustomization(folder, home)


def _chart(folder: Path, namespace: str, home: Path) -> Output:
    _refuse_links(folder)
    helm = _tool("helm")
    words = ["template", str(folder.absolute()), "--include-crds", "--namespace", namespace]
    text = _output([helm, *words], home)
    sources = HelmSources(text)

    def path_of(document: Document) -> Path:
        path = folder / sources.above(document.line("")).partition("/")[2]
        return path if path.is_file() else folder / charts.CHART

    return Output(text, path_of)


def _kustomization(folder: Path, home: Path) -> Output:
    found = kustomizations.kustomization_in(folder, [path.name for path in folder.iterdir()])
    if found and found.remote:
        raise RenderError(f"{found.remote[0]} is no path here, and is not fetched: copy it here")
    # A kustomization around this one, whose objects say from which files they are.
    around = home / kustomizations.NAMES[0]
    inside = os.path.relpath(folder.resolve(), home)
    around.write_text(f"buildMetadata: [originAnnotations]\nresources: [{json.dumps(inside)}]\n")
    tool = _tool("kubectl", "kustomize")
    words = [tool, "kustomize" if Path(tool).stem == "kubectl" else "build"]

    def path_of(document: Document) -> Path:
        name = _origin(document.value)
        return _shown((home / name).resolve() if name else folder / kustomizations.NAMES[0])

    return Output(_output([*words, str(home)], home), path_of)


def _origin(value: Any) -> str:
    """The file that kustomize names in an annotation, which is taken away."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    text = annotations.pop(_ORIGIN, "") if isinstance(annotations, dict) else ""
    if not annotations and isinstance(metadata, dict):
        metadata.pop("annotations", None)
    origin = reader.read_documents(text, _ORIGIN)[0].value if text else {}
    return str(origin.get("path") or origin.get("configuredIn") or "")


def _shown(path: Path) -> Path:
    """The path as people would write it here."""
    here = Path.cwd().resolve()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _tool(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        said = " or ".join(names)
        raise MissingToolError(f"--render needs {said}, which is not on the path: install it")
    return found


def _output(command: Sequence[str], home: Path) -> bytes:
    """What a tool writes; nothing of the user's environment reaches it."""
    system = {key: os.environ[key] for key in ("SYSTEMROOT", "LANG") if key in os.environ}
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _NOWHERE)
    homes = {key: str(home) for key in ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    nothing = {"PATH": str(home), "KUBECONFIG": os.devnull, "HELM_PLUGINS": str(home / "plugins")}
    environment = {**system, **nowhere, **homes, **nothing}
    try:
        ended = run(command, environment, seconds=SECONDS, most=reader.MAX_BYTES)
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
    """Helm follows links, and would show what they lead to."""
    inside = folder.resolve()
    for around, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(around, name)
            if path.is_symlink() and not path.resolve().is_relative_to(inside):
                raise RenderError(f"{path} leads out of the chart: put the file itself there")
