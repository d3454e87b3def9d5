"""What a kustomization is made of, and which of many are built."""

from pathlib import Path

import pytest

from tests.offline.manifest_texts import written
from webhook.offline.renderable import Kustomization, kustomization_in, root_kustomizations


def kustomization(folder: Path, text: str, **files: str) -> Kustomization:
    written(folder, {"kustomization.yaml": text, **{f"{name}.yaml": "" for name in files}})
    return Kustomization(folder / "kustomization.yaml")


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("resources: [a.yaml, gone.yaml, 'https://example.test/b.yaml']", ["a.yaml"]),
        ("patches: [{path: a.yaml, target: {kind: b.yaml}}]", ["a.yaml", "b.yaml"]),
        ("patchesStrategicMerge:\n- |\n  kind: Pod\n- b.yaml", ["b.yaml"]),
        ("configMapGenerator: [{name: c, files: [key=a.yaml, b.yaml]}]", ["a.yaml", "b.yaml"]),
        ("commonAnnotations: {note: a.yaml}\nnamePrefix: b.yaml", []),
        (f"resources: ['{'a' * 5000}', \"a\\u0000b\", '', 3]", []),
        ("[]", []),
        ("resources: {", []),
    ],
)
def test_a_kustomization_names_what_it_uses(tmp_path: Path, text: str, uses: list[str]) -> None:
    found = kustomization(tmp_path, text, a="", b="")

    assert sorted(path.name for path in found.uses) == uses
    assert {path.parent for path in found.uses} <= {tmp_path.resolve()}


def test_patches_are_no_manifests(tmp_path: Path) -> None:
    found = kustomization(tmp_path, "patches: [{path: a.yaml}]\nresources: [b.yaml]", a="", b="")

    assert [path.name for path in found.patches] == ["a.yaml"]
    assert found.remote == []


def test_those_that_no_other_uses_are_built(tmp_path: Path) -> None:
    links = {"base": "", "a": "../base", "b": "../base", "c": "../d", "d": "../c", "e": "../e"}
    found = [
        kustomization(tmp_path / name, f"resources: ['{link}']" if link else "resources: []")
        for name, link in links.items()
    ]
    # Written in any order, what is referred to is there by now.
    found = [Kustomization(one.file) for one in found]

    assert [one.folder.name for one in root_kustomizations(found)] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (["a.yaml", "kustomization.yml"], "kustomization.yml"),
        (["Kustomization"], "Kustomization"),
        (["kustomization.json"], None),
    ],
)
def test_how_its_file_is_called(files: list[str], name: str | None) -> None:
    found = kustomization_in(Path("folder"), files)

    assert (found and found.file.name) == name
