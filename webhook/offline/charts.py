"""What makes a folder a Helm chart, and which of its files Helm renders."""

from pathlib import Path

from webhook.documents.reader import DocumentError, read_file

CHART = "Chart.yaml"
TEMPLATES = "templates"
# Other files of a chart's folder are looked at like those of any folder.
RENDERED = (TEMPLATES, "crds", "charts")


def chart_of(path: Path) -> Path | None:
    """The chart that renders a file which stands among its templates, or those of its subcharts."""
    found = None
    for folder in path.parents:
        if folder.name in RENDERED and (folder.parent / CHART).is_file():
            found = folder.parent if found or folder.name == TEMPLATES else None
    return found


def is_library(chart: Path) -> bool:
    """Whether a chart has only helpers for other charts."""
    try:
        about = read_file(chart / CHART)[0].value
    except DocumentError:
        return False
    return isinstance(about, dict) and about.get("type") == "library"
