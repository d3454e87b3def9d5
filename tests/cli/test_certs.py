"""Certificate files: made, and verified with a sentence for each fault."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from certs.authority import Pair
from tests.certs.material import NAME, NOW, SERVICE, Brought, bring, root, small_rsa
from tests.certs.openssl import openssl
from webhook.cli import certs
from webhook.cli import main as command_line
from webhook.cli.main import main

FORMATS: dict[str, Callable[[str], Any]] = {"json": json.loads, "yaml": yaml.safe_load}
FILES = ["ca.crt", "ca.key", "tls.crt", "tls.key"]
ROOT = root()
LEAF = bring(issuer=ROOT)


class _Clock(datetime):
    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return NOW


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certs, "datetime", _Clock)


def _init(folder: Path, *options: str) -> int:
    return command_line.main(
        ["certs", "init", "--service", SERVICE, "--out", str(folder), *options]
    )


def _verify(folder: Path, service: str = SERVICE) -> int:
    paths = (
        f"--{option}={folder / file}"
        for option, file in zip(("tls-cert", "tls-key", "ca-bundle"), NAMES, strict=True)
    )
    return command_line.main(["certs", "verify", *paths, "--service", service])


NAMES = ("tls.crt", "tls.key", "ca.crt")


@pytest.fixture
def brought(tmp_path: Path) -> Path:
    """A folder with three good files."""
    for file, content in zip(NAMES, (LEAF.pem, LEAF.key_pem(), ROOT.pem), strict=True):
        (tmp_path / file).write_bytes(content)
    return tmp_path


def test_what_is_made_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "a" / "b"
    assert _init(folder, "--name", "localhost", "--name", "127.0.0.1", "--days", "30") == 0

    written = "".join(f"wrote {folder / file}\n" for file in FILES)
    assert capsys.readouterr() == (f"{written}valid for {NAME} until 2026-03-31\n", "")
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert _verify(folder) == 0
    assert capsys.readouterr().out == f"fine for {NAME} until 2026-03-31 12:00 UTC\n"
    shown = openssl("x509", "-noout", "-text", "-in", str(folder / "tls.crt"))
    assert f"DNS:{NAME}, DNS:{NAME}.cluster.local, DNS:localhost, IP Address:127.0.0.1" in shown
    at = ("-attime", f"{NOW.timestamp():.0f}")
    authority, leaf = str(folder / "ca.crt"), str(folder / "tls.crt")
    assert openssl("verify", *at, "-x509_strict", "-CAfile", authority, leaf).endswith(": OK\n")


def test_keys_are_their_owners_alone_from_the_first_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: dict[str, int] = {}
    real = os.open

    def spy(path: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = real(path, flags, mode)
        assert flags & os.O_EXCL
        opened[Path(path).name] = stat.S_IMODE(os.fstat(descriptor).st_mode)
        return descriptor

    before = os.umask(0)
    try:
        monkeypatch.setattr(os, "open", spy)
        assert _init(tmp_path) == 0
    finally:
        os.umask(before)

    assert [mode for name, mode in opened.items() if ".key." in name] == [0o600, 0o600]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"ca.crt": 0o644, "ca.key": 0o600, "tls.crt": 0o644, "tls.key": 0o600}


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_overwritten_unless_asked(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / file).write_text("precious")
    (tmp_path / file).chmod(0o644)

    assert _init(tmp_path) == 2
    told = f"{tmp_path / file} is there already: name another --out or --overwrite\n"
    assert capsys.readouterr() == ("", f"mcp-admission certs init: {told}")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["precious"]

    assert _init(tmp_path, "--overwrite") == 0
    assert _verify(tmp_path) == 0
    assert stat.S_IMODE((tmp_path / "tls.key").stat().st_mode) == 0o600


def test_a_link_to_elsewhere_is_replaced_and_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / "tls.key").symlink_to(elsewhere)

    assert _init(folder) == 2
    assert _init(folder, "--overwrite") == 0
    assert not elsewhere.exists()


def test_what_cannot_be_written_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")

    assert _init(tmp_path / "file" / "below") == 2
    told = f"{tmp_path}/file/below/ca.crt cannot be written: Not a directory\n"
    assert capsys.readouterr().err == f"mcp-admission certs init: {told}"


def test_a_full_disk_leaves_no_half_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    assert _init(tmp_path) == 2
    assert "ca.crt cannot be written: No space left on device\n" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_authority_may_issue_more(tmp_path: Path) -> None:
    _init(tmp_path, "--ca-days", "10")
    authority = Pair.from_pem(*((tmp_path / f"ca.{kind}").read_bytes() for kind in ("crt", "key")))

    assert authority.certificate.not_valid_after_utc == datetime(2026, 3, 11, 12, tzinfo=UTC)
    leaf = x509.load_pem_x509_certificate((tmp_path / "tls.crt").read_bytes())
    leaf.verify_directly_issued_by(authority.certificate)
    key = load_pem_private_key((tmp_path / "tls.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)


def _several(folder: Path) -> None:
    middle = root("middle", issuer=ROOT)
    leaf = bring(issuer=middle)
    _pair(folder, leaf)
    (folder / "tls.crt").write_bytes(leaf.pem + middle.pem)


def _line_ends(folder: Path) -> None:
    for file in NAMES:
        text = (folder / file).read_bytes()
        (folder / file).write_bytes(text.replace(b"\n", b"\r\n"))


def _pair(folder: Path, leaf: Brought) -> None:
    (folder / "tls.crt").write_bytes(leaf.pem)
    (folder / "tls.key").write_bytes(leaf.key_pem())


@pytest.mark.parametrize("change", [_several, _line_ends])
def test_what_is_unusual_is_fine(change: object, brought: Path) -> None:
    assert callable(change)
    change(brought)

    assert _verify(brought) == 0
    assert _verify(brought, f"{SERVICE}.svc") == 0


FAULTS = {
    "wrong key": (
        lambda folder: (folder / "tls.key").write_bytes(ROOT.key_pem()),
        (
            "the key in {0}/tls.key is not that of the first certificate in {0}/tls.crt: "
            "write both files of one pair"
        ),
    ),
    "RSA 1024": (
        lambda folder: _pair(folder, bring(issuer=ROOT, key=small_rsa())),
        (
            "{0}/tls.crt: certificate 1 (CN=webhook) has an RSA key of 1024 bits: "
            "use ECDSA P-256, or RSA with 2048 bits"
        ),
    ),
    "expired": (
        lambda folder: _pair(folder, bring(issuer=ROOT, days=(-9, -1))),
        "{0}/tls.crt: certificate 1 (CN=webhook) ended on 2026-02-28 12:00 UTC: renew it",
    ),
    "wrong SAN": (
        lambda folder: _pair(folder, bring(issuer=ROOT, names=["a.b.svc"])),
        (
            "{0}/tls.crt: certificate 1 (CN=webhook) is for a.b.svc: "
            "have it issued with the DNS name webhook.mcp.svc"
        ),
    ),
    "other authority": (
        lambda folder: (folder / "ca.crt").write_bytes(root("other").pem),
        (
            "{0}/tls.crt: certificate 1 (CN=webhook) is issued by 'CN=root', from which no "
            "certificate in {0}/tls.crt leads to one in {0}/ca.crt: "
            "write the issuers after it, and the authority into the bundle"
        ),
    ),
}


@pytest.mark.parametrize(("spoil", "told"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_exit_code_1(
    spoil: object, told: str, brought: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(spoil)
    spoil(brought)

    assert _verify(brought) == 1
    assert capsys.readouterr() == (f"{told.format(brought)}\n", "")


def _directory(folder: Path) -> None:
    (folder / "tls.key").unlink()
    (folder / "tls.key").mkdir()


def _pipe(folder: Path) -> None:
    (folder / "tls.key").unlink()
    os.mkfifo(folder / "tls.key")


UNREADABLE = {
    "directory": (_directory, "{0}/tls.key is not a file: name one in PEM"),
    "pipe": (_pipe, "{0}/tls.key is not a file: name one in PEM"),
    "missing": (
        lambda folder: (folder / "ca.crt").unlink(),
        "{0}/ca.crt cannot be read: No such file or directory",
    ),
    "encrypted": (
        lambda folder: (folder / "tls.key").write_bytes(LEAF.encrypted),
        "{0}/tls.key is encrypted: write the key without a passphrase",
    ),
    "a key in the bundle": (
        lambda folder: (folder / "ca.crt").write_bytes(ROOT.pem + ROOT.key_pem()),
        "{0}/ca.crt: block 2 is a PRIVATE KEY, not a CERTIFICATE: remove it",
    ),
    "DER": (
        lambda folder: (folder / "tls.crt").write_bytes(
            LEAF.certificate.public_bytes(Encoding.DER)
        ),
        "{0}/tls.crt holds no certificate in PEM: write one that starts with -----BEGIN",
    ),
}


@pytest.mark.parametrize(("spoil", "told"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_exit_code_2(
    spoil: object, told: str, brought: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(spoil)
    spoil(brought)

    assert _verify(brought) == 2
    assert capsys.readouterr() == ("", f"mcp-admission certs verify: {told.format(brought)}\n")


def test_a_file_that_may_not_be_read_is_exit_code_2(
    brought: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever runs the tests may read everything, so the refusal is not the system's."""

    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)

    assert _verify(brought) == 2
    assert f"{brought}/tls.crt cannot be read: Permission denied\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "the following arguments are required: ACTION"),
        (["renew"], "invalid choice: 'renew'"),
        (["init"], "the following arguments are required: --service"),
        (["init", "--service", "a"], "'a' is no NAME.NAMESPACE, such as mcp-admission.mcp-ad"),
        (["init", "--service", "A.b"], "'A.b' is no NAME.NAMESPACE"),
        (["init", "--service", "a.b.c"], "'a.b.c' is no NAME.NAMESPACE"),
        (["init", "--service", "a.b", "--days", "0"], "'0' is no number of days from 1 to 36500"),
        (["init", "--service", "a.b", "--days", "²"], "'²' is no number of days"),
        (["init", "--service", "a.b", "--ca-days", "1e3"], "'1e3' is no number of days"),
        (["init", "--service", "a.b", "--name", "bücher"], "'bücher' is no ASCII DNS name and no"),
        (["init", "--service", "a.b", "--name", ""], "'' is no ASCII DNS name and no address"),
        (["verify", "--service", "a.b"], "are required: --tls-cert, --tls-key, --ca-bundle"),
    ],
)
def test_wrong_usage_is_exit_code_2(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(["certs", *words])

    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_no_key_is_ever_shown(brought: Path, tmp_path: Path) -> None:
    """In a process of its own, with everything that it writes, for every kind of failure."""
    key = (brought / "tls.key").read_bytes()
    lines = {line for line in key.decode().split() if len(line) > 40}
    assert lines
    paths = ("--tls-cert", "tls.crt", "--tls-key", "tls.key", "--ca-bundle", "ca.crt")
    for content in (key, key[:-40], key * 2, key.replace(b"MIG", b"MIH"), key + key[:90]):
        for file in NAMES:
            before = (brought / file).read_bytes()
            (brought / file).write_bytes(content)
            done = subprocess.run(
                [sys.executable, "-m", "webhook", "certs", "verify", *paths, "--service", SERVICE],
                cwd=brought,
                env=os.environ | {"PYTHONPATH": str(Path(certs.__file__).parents[2])},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            (brought / file).write_bytes(before)
            assert done.returncode in (1, 2)
            assert "Traceback" not in done.stderr
            assert not [line for line in lines if line in done.stdout + done.stderr]


@pytest.mark.parametrize("output", FORMATS)
def test_certificate_files_are_made_and_judged(
    output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = ["--service", "hook.team", "-o", output]
    for folder in ("ours", "other"):
        assert main(["certs", "init", *service, "--out", str(tmp_path / folder)]) == 0
        made = FORMATS[output](capsys.readouterr().out)
        names = ("ca.crt", "ca.key", "tls.crt", "tls.key")
        assert made["files"] == [str(tmp_path / folder / name) for name in names]

    ours = tmp_path / "ours"
    pair = ["--tls-cert", str(ours / "tls.crt"), "--tls-key", str(ours / "tls.key")]
    for folder, code in (("ours", 0), ("other", 1)):
        bundle = ["--ca-bundle", str(tmp_path / folder / "ca.crt")]
        assert main(["certs", "verify", *pair, *bundle, *service]) == code
        found = FORMATS[output](capsys.readouterr().out)
        assert found["ends"][:10] == made["ends"][:10]
        assert len(found["faults"]) == code
