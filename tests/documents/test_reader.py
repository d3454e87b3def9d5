"""Files and texts become documents with lines, or one DocumentError and nothing else."""

import codecs
from pathlib import Path

import pytest

from webhook.documents import reader
from webhook.documents.reader import DocumentError, read_documents, read_file

MANIFEST = """\
# a server
apiVersion: apps/v1
kind: Deployment
metadata:
  name: github-tools
  labels:
    mcp-admission.dev/server: "true"
spec:
  template:
    spec:
      containers:
        - name: main
          env: &env
            - {name: A, value: "1"}
            - name: B
              value: "2"
        -
          name: sidecar
          env: *env
"""


def refusal(text: str | bytes, source: str = "file.yaml") -> str:
    with pytest.raises(DocumentError) as caught:
        read_documents(text, source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", 2), ("/kind", 3), ("/metadata", 4), ("/metadata/name", 5),
        ("/metadata/labels/mcp-admission.dev~1server", 7),
        ("/spec/template/spec/containers", 11),
        ("/spec/template/spec/containers/0", 12),
        ("/spec/template/spec/containers/0/env/0/value", 14),
        ("/spec/template/spec/containers/0/env/1/value", 16),
        ("/spec/template/spec/containers/1", 18),
        ("/spec/template/spec/containers/1/env", 19),
        ("/spec/template/spec/containers/1/env/1", 15),
        # what is not there has the line of what is
        ("/spec/template/spec/securityContext/runAsNonRoot", 10),
        ("/spec/template/spec/containers/0/image", 12),
        ("/spec/template/spec/containers/-", 11), ("/spec/template/spec/containers/01", 11),
        ("/spec/template/spec/containers/2/image", 11), ("/kind/x/y", 3), ("/nothing", 2),
        ("/metadata/labels/mcp-admission.dev/server", 6),
    ],
)  # fmt: skip
def test_line_of_a_pointer(pointer: str, line: int) -> None:
    (document,) = read_documents(MANIFEST, "file.yaml")
    assert document.line(pointer) == line


@pytest.mark.parametrize(("pointer", "line"), [("/~1", 1), ("/~0", 2), ("/~01", 3), ("/", 4)])
def test_escapes_in_pointers_are_those_of_rfc_6901(pointer: str, line: int) -> None:
    assert read_documents("/: 1\n'~': 2\n'~1': 3\n'': 4\n", "x")[0].line(pointer) == line


@pytest.mark.parametrize(
    ("text", "pointer", "mark"),
    [
        ("a: 1", "", (1, 1)),
        ("a: {b: 1}", "/a/b", (1, 5)),
        ("a:\n  - é: 1\n    c: 2", "/a/0", (2, 5)),
        ("a:\n  - é: 1\n    c: 2", "/a/0/c", (3, 5)),
        ("- &x {a: 1}\n-   *x", "/1", (2, 5)),
        ("a:\n  b: 1", "/a/nothing", (1, 1)),
        ('{"é": 1, "b": {"c": 2}}', "/b", (1, 10)),
        ('{"é": 1, "b": {"c": 2}}', "/b/c", (1, 16)),
        ('{\n\t"a": [1,\r\n 2]}', "/a", (2, 2)),
        ('{\n\t"a": [1,\r\n 2]}', "/a/1", (3, 2)),
        ("\ufeffa: 1", "/a", (1, 1)),
    ],
)
def test_a_mark_has_the_column_of_the_key_or_item(
    text: str, pointer: str, mark: tuple[int, int]
) -> None:
    assert read_documents(text, "x")[0].mark(pointer) == mark


def test_lines_are_the_same_after_a_dos_newline_or_a_byte_order_mark() -> None:
    text = "\ufeff" + MANIFEST.replace("\n", "\r\n")
    assert read_documents(text, "x")[0].line("/metadata/name") == 5


def test_document_carries_its_source_and_position() -> None:
    found = read_documents("---\na: 1\n---\n---\n# none\n---\nb: 2\n", "dir/file.yaml")
    assert [(one.source, one.index, one.value) for one in found] == [
        ("dir/file.yaml", 1, {"a": 1}), ("dir/file.yaml", 4, {"b": 2}),
    ]  # fmt: skip


def test_documents_print_no_values() -> None:
    assert repr(read_documents("kind: Secret\n", "x")[0]) == "Document(source='x', index=1)"


@pytest.mark.parametrize(
    "text", ["", b"", "\n\n", "# only a comment\n", "---\n---\n", "~", "\ufeff"]
)
def test_a_text_without_documents_is_refused(text: str | bytes) -> None:
    assert refusal(text) == "file.yaml:1: there is no document here: write at least one object"


def test_error_has_its_parts() -> None:
    with pytest.raises(DocumentError) as caught:
        read_documents("a: 1\na: 2\n", "file.yaml")
    assert caught.value.source == "file.yaml"
    assert caught.value.line == 2
    assert (
        caught.value.sentence
        == 'the key "a" stands on line 1 already: keep one (kubectl takes the last)'
    )
    assert str(caught.value) == f"file.yaml:2: {caught.value.sentence}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_is_read_in_each_encoding_that_yaml_knows(encoding: str) -> None:
    marks = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    data = marks.get(encoding, b"") + "a: é😀\n".encode(encoding)
    assert read_documents(data, "x")[0].value == {"a": "é😀"}


@pytest.mark.parametrize(
    ("data", "start"),
    [
        (b"a: 1\nb: \xff\n", "file.yaml:2: the bytes here are not UTF-8 text"),
        (b"\xff\xfea\x00\n\x00\x00\xd8", "file.yaml:2: the bytes here are not UTF-16 text"),
        (b"\xff\xfea", "file.yaml:1: the bytes here are not UTF-16 text"),
        ("a: é".encode("latin-1"), "file.yaml:1: the bytes here are not UTF-8 text"),
        (b"a: 1\n\0\n", "file.yaml:2: the character U+0000 is binary data"),
        ("a: 1".encode("utf-16-le"), "file.yaml:1: the character U+0000 is binary data"),
        ("a: 1".encode("utf-32"), "file.yaml:1: the character U+0000 is binary data"),
        (b"\x7fELF\x02\x01", "file.yaml:1: the character U+007F is binary data"),
        ("a: \ud800", "file.yaml:1: the character U+D800 is binary data"),
        ('{"a": "\x9f"}', "file.yaml:1: the character U+009F is binary data"),
        ("a: 1\n\ufeffb: 2", "file.yaml:2: the character U+FEFF is binary data"),
        ("a: \ufffe", "file.yaml:1: the character U+FFFE is binary data"),
    ],
)
def test_binary_data_is_refused(data: str | bytes, start: str) -> None:
    assert refusal(data).startswith(start)


def test_file_is_read_like_its_text(tmp_path: Path) -> None:
    path = tmp_path / "deployment.yaml"
    path.write_text(MANIFEST)
    assert read_file(path) == read_documents(MANIFEST, str(path))


def test_missing_file_and_directory_are_one_sentence(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    with pytest.raises(DocumentError) as caught:
        read_file(missing)
    assert caught.value.line is None
    assert str(caught.value) == (
        f"{missing}: cannot be read (No such file or directory): name a readable YAML or JSON file"
    )
    with pytest.raises(DocumentError, match=r"cannot be read \(Is a directory\): name a readable"):
        read_file(tmp_path)


def test_name_that_no_system_accepts_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"cannot be read \(embedded null byte\)"):
        read_file(Path("a\0b"))


def test_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "loop.yaml"
    link.symlink_to(link)
    with pytest.raises(DocumentError, match=r"loop.yaml: cannot be read \("):
        read_file(link)


def test_a_text_above_the_size_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 2 << 20)
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (2 << 20) + b"\n")
    with pytest.raises(DocumentError, match=r"large.yaml: the text is over 2 MiB: split it$"):
        read_file(path)
    path.write_bytes(b"a: " + b"x" * ((2 << 20) - 3))
    assert len(read_file(path)) == 1


def test_equal_documents_are_equal() -> None:
    assert (
        read_documents("a: 1", "x") == read_documents("{a: 1}", "x") != read_documents("a: 2", "x")
    )
