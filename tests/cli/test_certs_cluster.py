"""`certs status`, `certs rotate` and `control`, as people and pods run them."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from certs.authority import Certificate, fingerprint, issue_leaf, make_authority
from tests.controller.certificates.cluster import SERVICE, Installed, plan
from tests.controller.certificates.controller import Controller
from webhook.cli.main import main
from webhook.controller import serving_replicas
from webhook.controller.certificates.stored import REPLACE
from webhook.controller.installation import OWN_LABELS


def words(installed: Installed) -> list[str]:
    """The options that name this installation."""
    here = ["--kubeconfig", str(installed.cluster.kubeconfig)]
    service = f"{SERVICE}.{installed.namespace}"
    return [*here, "--service", service]


def status(installed: Installed, *more: str) -> int:
    """Run it on this installation."""
    named = ["--configuration", installed.places.configuration]
    return main(["certs", "status", *words(installed), *named, *more])


@contextmanager
def installed_by_a_controller(installed: Installed) -> Iterator[None]:
    """Until all is well, a controller is there."""
    places = installed.places
    with Controller(installed.cluster.kubeconfig, places, plan(places), []):
        installed.cluster.wait_for("installation", installed.is_settled)
    yield


def test_status_shows_every_certificate(
    installed: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    with installed_by_a_controller(installed):
        assert status(installed) == 0

    lines = capsys.readouterr().out.splitlines()
    cells = [line.split("   ") for line in lines]
    short = [
        fingerprint(pair.certificate)[:16] for pair in (installed.authority(), installed.leaf())
    ]
    assert cells[0][0] == "WHERE"
    assert [line.split()[0] for line in lines[1:7]] == ["stored"] * 2 + ["published"] * 4
    assert short[0] in lines[1]
    assert short[1] in lines[2]
    assert all(short[0] in line for line in lines[3:7])
    assert lines[-1].startswith("next: Rest 20")


def test_status_as_json_has_each_certificate_and_fault(
    installed: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    with installed_by_a_controller(installed):
        assert status(installed, "-o", "json") == 0

    report = json.loads(capsys.readouterr().out)
    leaf = installed.leaf().certificate
    assert report["faults"] == []
    assert report["next"]["step"] == "Rest"
    assert report["certificates"][1] == {
        "where": "stored",
        "name": "certificate",
        "certificate": fingerprint(leaf),
        "ends": f"{leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        "renewal": report["next"]["until"],
    }


POD = "mcp-admission-serve-5d4f"


@pytest.mark.parametrize(
    ("shows", "in_pod", "code", "told"),
    [
        (
            "something else",
            False,
            0,
            f"not looked at: {POD}: something else answers at its address",
        ),
        ("nothing", False, 0, f"not looked at: {POD}: it does not answer from here"),
        ("its own", False, 0, ""),
        ("an older one", False, 1, ""),
        ("something else", True, 1, ""),
    ],
)
def test_another_server_at_the_address_of_a_replica_is_not_taken_for_it(  # noqa: PLR0917
    shows: str,
    in_pod: bool,
    code: int,
    told: str,
    installed: Installed,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with installed_by_a_controller(installed):
        now = datetime.now(UTC).replace(microsecond=0)
        ours, names = installed.authority(), ("hook.x.svc",)
        other = make_authority(now, timedelta(days=9))
        shown = {
            "its own": installed.leaf().certificate,
            "an older one": issue_leaf(ours, names, now, timedelta(days=9)).certificate,
            "something else": issue_leaf(other, names, now, timedelta(days=9)).certificate,
        }.get(shows)

        async def ask(*_: object) -> dict[str, Certificate | None]:
            return {POD: shown}

        monkeypatch.setattr(serving_replicas, "ask_certificates", ask)
        here = words(installed)
        if in_pod:
            monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
            monkeypatch.setenv("KUBECONFIG", str(installed.cluster.kubeconfig))
            here = here[2:]
        named = ["--configuration", installed.places.configuration, "-o", "yaml"]
        assert main(["certs", "status", *here, *named]) == code

    out, err = capsys.readouterr()
    report = yaml.safe_load(out)
    assert told in err
    assert ("kubectl -n" in err) == bool(told) == bool(report["not_looked_at"])
    assert (POD in [row["name"] for row in report["certificates"]]) != bool(told)
    assert (report["faults"] == []) == (code == 0)


@pytest.mark.parametrize("output", ["table", "json"])
def test_rotating_says_what_was_asked_for(
    output: str, installed: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    with installed_by_a_controller(installed):
        asked = fingerprint(installed.leaf().certificate)
        assert main(["certs", "rotate", *words(installed), "-o", output]) == 0

    out = capsys.readouterr().out
    if output == "json":
        found = json.loads(out)
        assert (found["what"], found["certificate"]) == ("certificate", asked)
    else:
        assert f"to replace the certificate {asked[:16]}; " in out


@pytest.mark.parametrize(
    ("options", "name", "file"),
    [
        ([], "mcp-admission-console-tls", "tls.crt"),
        (["--ca"], "mcp-admission-console-ca", "ca.crt"),
    ],
)
def test_those_of_the_console_are_asked_for_by_themselves(
    options: list[str],
    name: str,
    file: str,
    installed: Installed,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = make_authority(datetime.now(UTC), timedelta(days=1))
    path = installed.places.secret(name)
    metadata = {"name": name, "labels": OWN_LABELS}
    data = {file: base64.b64encode(found.certificate_pem).decode()}
    installed.cluster.create(path.rpartition("/")[0], {"metadata": metadata, "data": data})

    assert main(["certs", "rotate", "--console", *options, *words(installed)]) == 0

    stored = installed.cluster.get(path)["metadata"]
    assert stored["annotations"] == {REPLACE: fingerprint(found.certificate)}
    assert "`mcp-admission certs status --console` shows the progress" in capsys.readouterr().out


CONSOLE = ("mcp-admission-console-ca", "mcp-admission-console-tls")


@pytest.mark.parametrize(
    ("days_of_authority", "days", "told"),
    [
        (90, 30, ["fine"]),
        (90, -1, ["the certificate of Secret mcp-admission-console-tls has ended"]),
        (
            -1,
            30,
            [
                "the authority of Secret mcp-admission-console-ca has ended",
                "the certificate of Secret mcp-admission-console-tls has ended",
            ],
        ),
    ],
)
def test_status_of_the_console(
    days_of_authority: int,
    days: int,
    told: list[str],
    installed: Installed,
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    begins = now - timedelta(days=2)
    authority = make_authority(begins, timedelta(days=2 + days_of_authority))
    leaf = issue_leaf(authority, ["console"], begins, timedelta(days=2 + days))
    installed.store(CONSOLE[0], {"ca.crt": authority.certificate_pem, "ca.key": authority.key_pem})
    served = {"tls.crt": leaf.certificate_pem, "tls.key": leaf.key_pem}
    installed.store(CONSOLE[1], {**served, "ca.crt": authority.certificate_pem})

    assert main(["certs", "status", "--console", *words(installed)]) == int(told != ["fine"])

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines[1:3]] == [
        ["stored", "authority", fingerprint(authority.certificate)[:16]],
        ["stored", "certificate", fingerprint(leaf.certificate)[:16]],
    ]
    assert lines[4:] == told


def test_status_of_no_console_says_where_one_is(
    installed: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["certs", "status", "--console", *words(installed), "-o", "json"]) == 1

    found = json.loads(capsys.readouterr().out)
    assert found["certificates"] == []
    (fault,) = found["faults"]
    assert fault == (
        "Secret mcp-admission-console-tls is not there: set console.enabled in the chart, or look "
        "at the Secret that console.tls.secretName names"
    )


def test_status_of_nothing_is_exit_code_1(
    installed: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(installed) == 1

    out = capsys.readouterr().out
    assert "Secret mcp-admission-tls is not there: nothing can be served" in out
    assert "next:" not in out


def test_status_names_what_cannot_be_read(
    installed: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    with installed_by_a_controller(installed):
        installed.store("mcp-admission-ca", {"ca.crt": b"x", "ca.key": b"y"})
        assert status(installed) == 1

    out = capsys.readouterr().out
    assert "Secret mcp-admission-ca, ca.crt and ca.key: it holds no certificate and key" in out


@pytest.mark.parametrize("action", ["status", "rotate"])
def test_whoever_may_not_read_is_told_so(
    installed: Installed, action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = installed.cluster.user("nobody-here")
    service = f"{SERVICE}.{installed.namespace}"
    code = main(["certs", action, "--kubeconfig", str(nobody.kubeconfig), "--service", service])

    err = capsys.readouterr().err
    assert code == 2
    assert err.startswith(f"mcp-admission certs {action}: GET /api/v1/namespaces/")
    assert 'User "nobody-here" cannot get resource "secrets"' in err


@pytest.mark.parametrize("words", [["certs", "status"], ["certs", "rotate"]])
def test_no_way_to_a_cluster_is_exit_code_2(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "missing"

    assert main([*words, "--kubeconfig", str(file)]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"mcp-admission {' '.join(words)}: ")
    assert f"{file} shows no way to a cluster" in err


@pytest.mark.parametrize("options", [[], ["--ca"]])
def test_only_what_is_ours_is_renewed(
    installed: Installed, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    installed.store("mcp-admission-tls", {"tls.crt": b"theirs", "tls.key": b"theirs"})

    assert main(["certs", "rotate", *words(installed), *options]) == 1
    assert "is not written by mcp-admission: renew it where" in capsys.readouterr().err


def test_what_is_unreadable_needs_no_asking(
    installed: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    with installed_by_a_controller(installed):
        installed.store("mcp-admission-tls", {"tls.crt": b"x", "tls.key": b"y"})

    assert main(["certs", "rotate", *words(installed)]) == 1
    assert "the controller replaces it by itself" in capsys.readouterr().err
