"""One YAML document as tests look at it: its value, or the line and the sentence of its fault."""

from typing import Any

from webhook.documents.builder import Builder
from webhook.documents.nodes import Node, NodeError
from webhook.documents.yaml_text import yaml_nodes


def parsed(text: str) -> Node:
    """The node of a document that can be read."""
    (node,) = yaml_nodes(text, Builder())
    assert isinstance(node, Node), node
    return node


def value(text: str) -> Any:
    """The value of a document that can be read."""
    return parsed(text).value


def refusal(text: str) -> tuple[int, str]:
    """The line and the sentence of a document that cannot be read."""
    (error,) = yaml_nodes(text, Builder())
    assert isinstance(error, NodeError), error.value
    return error.line, str(error)
