"""YAML and JSON as Kubernetes reads them: values, lines and pointers in, YAML out."""

from webhook.documents.dialect import plain
from webhook.documents.nodes import Mark, escape, pointer_to, value_at
from webhook.documents.reader import (
    MAX_BYTES,
    Document,
    DocumentError,
    read_bytes,
    read_documents,
    read_file,
    read_stream,
)
from webhook.documents.yaml_text import LOADER
from webhook.documents.yaml_writer import Line, lines

__all__ = [
    "LOADER",
    "MAX_BYTES",
    "Document",
    "DocumentError",
    "Line",
    "Mark",
    "escape",
    "lines",
    "plain",
    "pointer_to",
    "read_bytes",
    "read_documents",
    "read_file",
    "read_stream",
    "value_at",
]
