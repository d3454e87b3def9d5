"""Charts and kustomizations, rendered by the real Helm and kubectl."""

import io
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chart.conftest import helm, helm3
from tests.cli.conftest import Printed, Review
from tests.cluster.fixtures import binaries_or_skip
from tests.offline.manifest_texts import written
from tools.chart.helm import Helm

__all__ = ["helm", "helm3"]
pytestmark = pytest.mark.control_plane
Rendering = Callable[..., Printed]
CHART = "apiVersion: v2\nname: demo\nversion: 0.1.0\n"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-a
  labels:
    mcp-admission.dev/server: "true"
spec:
  selector:
    matchLabels: {app: a}
  template:
    metadata:
      labels: {app: a}
    spec:
      {{- with .Values.pod }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
      containers:
        - name: proxy
          image: proxy:1
        - name: main
          image: "example.test/a:1"
          securityContext:
            runAsUser: {{ .Values.user }}
"""
OWN = "chart/examples/own.yaml"
TOP, SUB = "chart/templates/deploy.yaml", "chart/charts/sub/templates/d.yaml"
PLAIN = (
    "".join(line for line in DEPLOYMENT.splitlines(True) if "{{-" not in line)
    .replace("{{ .Release.Name }}-a", "web")
    .replace("{{ .Values.user }}", "0")
)
DEMO = {
    "chart/Chart.yaml": CHART,
    "chart/values.yaml": "user: 0\npod: {hostNetwork: true}\n",
    "chart/templates/deploy.yaml": f"{{{{- if true }}}}\n{DEPLOYMENT}{{{{- end }}}}\n",
    "chart/templates/NOTES.txt": "installed",
    "chart/crds/crd.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n",
    "chart/charts/sub/Chart.yaml": CHART.replace("demo", "sub"),
    "chart/charts/sub/templates/d.yaml": DEPLOYMENT.replace("{{ .Values.user }}", "0"),
    OWN: PLAIN.replace("web", "example"),
}
OVERLAYS = {
    "k/base/kustomization.yaml": "resources: [web.yaml]\n",
    "k/base/web.yaml": PLAIN,
    "k/over/kustomization.yaml": (
        "namePrefix: x-\nresources: [../base]\npatches: [{path: patch.yaml}]\n"
    ),
    "k/over/patch.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n"
    ),
    "k/over/stray.yaml": PLAIN.replace("web", "stray"),
}


@pytest.fixture
def rendering(
    request: pytest.FixtureRequest,
    review: Review,
    helm: Helm,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Rendering:
    """Run `review --render` in a repository, with nothing but Helm and kubectl on the path."""
    tools: Path = request.getfixturevalue("tmp_path_factory").mktemp("tools")
    (tools / "helm").symlink_to(helm.binary)
    (tools / "kubectl").symlink_to(binaries_or_skip(request.config)["kubectl"])
    monkeypatch.setenv("PATH", str(tools))

    def run(*words: str, files: Mapping[str, str]) -> Printed:
        written(tmp_path, files)
        return review(*words, "--render")

    return run


def line(file: str, text: str) -> int:
    """The line of a file of the repository where some text first stands."""
    lines = {**DEMO, **OVERLAYS}[file].splitlines()
    return next(number for number, found in enumerate(lines, 1) if text in found)


def findings(printed: Printed) -> set[tuple[str, str, str, int]]:
    report: Any = json.loads(printed.out)
    return {
        (result["source"], result["name"], finding["rule"], finding["line"])
        for result in report["results"]
        for finding in result["findings"]
        if finding["severity"] == "error"
    }


def test_a_chart_is_rendered_with_findings_at_its_templates(rendering: Rendering) -> None:
    printed = rendering(".", "-o", "json", files=DEMO)

    assert (printed.code, printed.err) == (1, "")
    assert findings(printed) == {
        # What the values put in has the line of the key around it.
        (f"{TOP}#1", "release-name-a", "host-namespaces", line(TOP, "    spec:")),
        (f"{TOP}#1", "release-name-a", "run-as-user", line(TOP, "runAsUser")),
        (f"{SUB}#1", "release-name-a", "run-as-user", line(SUB, "runAsUser")),
        (
            "chart/examples/own.yaml#1",
            "example",
            "run-as-user",
            line("chart/examples/own.yaml", "runAsUser"),
        ),
    }
    report = json.loads(printed.out)
    assert [one["source"] for one in report["passed_over"]] == [
        "chart/Chart.yaml",
        "chart/values.yaml",
    ]
    assert report["summary"]["other"] == 1, "the CustomResourceDefinition"


def test_a_template_that_is_named_stands_for_its_chart(rendering: Rendering) -> None:
    """As the hooks of pre-commit name changed files."""
    whole = rendering("chart", "-o", "json", files=DEMO)

    named = rendering(TOP, SUB, OWN, "-o", "json", files={})

    assert findings(named) == findings(whole)


def test_a_chart_or_kustomization_may_be_named_by_its_own_file(rendering: Rendering) -> None:
    files = {
        **DEMO,
        **OVERLAYS,
        "lib/Chart.yaml": f"{CHART}type: library\n",
        "part/kustomization.yaml": "kind: Component\n",
    }
    chart = rendering("chart", "-o", "json", files=files)
    over = rendering("k/over", "-o", "json", files={})

    named = rendering("chart/Chart.yaml", OWN, "-o", "json", files={})
    kustomization = rendering("k/over/kustomization.yaml", "-o", "json", files={})
    parts = rendering("lib/Chart.yaml", "part/kustomization.yaml", files={})

    assert findings(named) == findings(chart)
    assert findings(kustomization) == {one for one in findings(over) if "stray" not in one} != set()
    assert (parts.code, parts.err) == (0, "")
    assert "1 library chart, 1 unused kustomize component" in parts.out


def test_a_folder_may_be_a_chart_and_a_kustomization(rendering: Rendering) -> None:
    files = {**DEMO, "chart/kustomization.yaml": "resources: [examples/own.yaml]\n"}

    assert findings(rendering("chart", "-o", "json", files=files)) == findings(
        rendering("chart", "-o", "json", files=DEMO)
    )


def test_helm_3_renders_alike(
    rendering: Rendering, helm3: Helm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_4 = rendering("chart", "-o", "json", files=DEMO)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "helm").symlink_to(helm3.binary)
    monkeypatch.setenv("PATH", str(tools))

    assert findings(rendering("chart", "-o", "json", files={})) == findings(by_4)


def test_a_pipe_of_helm_has_the_templates_in_sarif(
    rendering: Rendering,
    review: Review,
    helm: Helm,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written(tmp_path, DEMO)
    stream = helm.run("template", tmp_path / "chart").encode()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(stream)))

    def places(*words: str) -> list[Any]:
        (run,) = json.loads(review("-", "-o", "sarif", *words).out)["runs"]
        return [one["locations"][0]["physicalLocation"] for one in run["results"]]

    monkeypatch.chdir(tmp_path / "chart")
    found = places()
    assert {one["artifactLocation"]["uri"] for one in found} == {
        "templates/deploy.yaml",
        "charts/sub/templates/d.yaml",
    }
    assert {one["region"]["startLine"] for one in found} >= {
        line(TOP, "    spec:"),
        line(TOP, "runAsUser"),
        line(SUB, "runAsUser"),
    }


def test_a_kustomization_is_rendered_and_its_parts_are_not_read_twice(
    rendering: Rendering,
) -> None:
    printed = rendering("k", "-o", "json", files=OVERLAYS)

    assert (printed.code, printed.err) == (1, "")
    assert findings(printed) == {
        ("k/base/web.yaml#1", "x-web", "run-as-user", line("k/base/web.yaml", "runAsUser")),
        ("k/over/stray.yaml#1", "stray", "run-as-user", line("k/over/stray.yaml", "runAsUser")),
    }
    results = {result["name"]: result for result in json.loads(printed.out)["results"]}
    assert any(one["rule"] == "replicas" for one in results["x-web"]["findings"])
    assert "config.kubernetes.io" not in printed.out


def test_kustomizations_without_objects_and_components(rendering: Rendering) -> None:
    files = {
        "empty/kustomization.yaml": "configMapGenerator: [{name: a, literals: [b=c]}]\n",
        "part/kustomization.yaml": (
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [a.yaml]\n"
        ),
        "part/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
    }
    printed = rendering(".", "-o", "json", files=files)

    assert (printed.code, printed.err) == (0, "")
    report = json.loads(printed.out)
    assert report["summary"]["other"] == 1
    assert [one["source"] for one in report["passed_over"]] == ["part/kustomization.yaml"]


@pytest.mark.parametrize(
    "remote", ["https://example.test/a.yaml", "github.com/o/r//k?ref=v1", "gone.yaml"]
)
def test_rendering_fetches_nothing(rendering: Rendering, remote: str) -> None:
    printed = rendering(".", files={"kustomization.yaml": f"resources: ['{remote}']\n"})

    assert (printed.code, printed.out) == (2, "")
    assert printed.err == f".: {remote} is no path here, and is not fetched: copy it here\n"


def test_nothing_is_fetched_behind_our_back(rendering: Rendering) -> None:
    files = {
        "kustomization.yaml": "patches: [{path: 'https://127.0.0.1/a.yaml', target: {kind: Pod}}]\n"
    }

    printed = rendering(".", files=files)

    assert printed.code == 2
    assert printed.err.startswith(".: kubectl cannot render it: ")
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"c/templates/a.yaml": 'a: {{ required "name the image" .Values.image }}\n'},
            "name the image",
        ),
        ({"c/templates/a.yaml": "kind: Pod\n"}, "apiVersion"),
        ({"c/templates/a.yaml": "kind: {{ .Values.x \n"}, "c: helm cannot render it: "),
        ({"c/templates/a.yaml": "apiVersion: v1\nkind: {\n"}, "c: helm cannot render it: "),
        ({"c/Chart.yaml": "name: [\n"}, "c: helm cannot render it: "),
    ],
)
def test_what_cannot_be_rendered_is_an_error(
    rendering: Rendering, files: Mapping[str, str], said: str
) -> None:
    printed = rendering(".", files={"c/Chart.yaml": CHART, "ok.yaml": PLAIN, **files})

    assert printed.code == 2
    told = printed.err.splitlines()[0]
    assert told.startswith(("c: ", "c/"))
    assert said in told
    assert "Deployment default/web" in printed.out


def test_a_link_out_of_the_chart_is_not_followed(rendering: Rendering, tmp_path: Path) -> None:
    written(tmp_path, {"c/Chart.yaml": CHART, "secret": "hidden"})
    (tmp_path / "c" / "templates").mkdir()
    (tmp_path / "c" / "templates" / "a.yaml").symlink_to(tmp_path / "secret")

    printed = rendering("c", files={})

    assert printed.code == 2
    assert "c/templates/a.yaml leads out of the chart" in printed.err
    assert "hidden" not in printed.out + printed.err


def test_a_library_chart_renders_nothing(rendering: Rendering) -> None:
    printed = rendering(".", files={"lib/Chart.yaml": f"{CHART}type: library\n"})

    assert (printed.code, printed.err) == (0, "")
    assert "1 library chart" in printed.out


def test_the_namespace_is_that_of_the_review(rendering: Rendering) -> None:
    template = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: '{{ .Release.Namespace }}'}\n"
    )

    printed = rendering(
        ".", "-n", "tools", "-o", "yaml", files={"Chart.yaml": CHART, "templates/a.yaml": template}
    )

    assert "namespace: tools" in printed.out


def test_kustomize_itself_does_too(
    rendering: Rendering, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its `build` is kubectl's `kustomize`, which stands in for it here."""
    by_kubectl = rendering("k", "-o", "json", files=OVERLAYS)
    tools = tmp_path_factory.mktemp("kustomize")
    kubectl = shutil.which("kubectl")
    script = tools / "kustomize"
    script.write_text(f'#!/bin/sh\n[ "$1" = build ] && exec {kubectl} kustomize "$2"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}")

    assert rendering("k", "-o", "json", files={}) == by_kubectl
