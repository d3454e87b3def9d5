"""Credential plugins: small programs that print what a test wants."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.kube.access.kubeconfigs import SERVER, Json, config, refusal, way, written
from tests.server.certificates import chain, key
from webhook.kube.access import credentials as module
from webhook.kube.access.client_config import NONE, ClientConfig, load_client_config

V1 = "client.authentication.k8s.io/v1"
SECRET = "hunter2-" * 4
# Prints what the file beside it holds, and writes down how it was called.
PROGRAM = """\
#!{python}
import os, pathlib, sys
folder = pathlib.Path(__file__).parent
with (folder / "calls").open("a") as calls:
    print(os.environ["KUBERNETES_EXEC_INFO"], sys.argv[1:], os.environ.get("OWN"), file=calls)
sys.stdout.write((folder / "printed").read_text())
sys.exit(int((folder / "code").read_text()))
"""


class Program:
    """A plugin in a folder, with the user that names it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "plugin"
        self.file.write_text(PROGRAM.format(python=sys.executable))
        self.file.chmod(0o755)

    def prints(self, status: Any, version: str = V1, *, code: int = 0) -> None:
        found = {"apiVersion": version, "kind": "ExecCredential", "status": status}
        self.says(json.dumps(found), code)

    def says(self, text: str, code: int = 0) -> None:
        (self.folder / "printed").write_text(text)
        (self.folder / "code").write_text(str(code))

    @property
    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def user(self, **more: Any) -> Json:
        entry = {"apiVersion": V1, "command": "./plugin", "interactiveMode": "Never", **more}
        return {"exec": {key: value for key, value in entry.items() if value is not None}}

    async def way(self, cluster: Json | None = None, **more: Any) -> ClientConfig:
        return await way(self.folder, config(self.user(**more), cluster))

    async def refusal(self, **more: Any) -> str:
        said = await refusal(self.folder, config(self.user(**more)))
        assert SECRET not in said
        return said


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.mark.parametrize("version", [V1, f"{V1}beta1"])
async def test_the_token_of_a_plugin_is_used_as_long_as_it_is_valid(
    program: Program, version: str
) -> None:
    program.prints({"token": SECRET}, version)
    found = await program.way(
        apiVersion=version, args=["a", "b c"], env=[{"name": "OWN", "value": "1"}]
    )

    for _ in range(3):
        assert await found.credentials.authorization() == f"Bearer {SECRET}"
    (call,) = program.calls
    info = {"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}}
    assert call == f"{json.dumps(info)} ['a', 'b c'] 1"


async def test_a_plugin_is_asked_again_when_its_credentials_have_ended_or_are_refused(
    program: Program,
) -> None:
    program.prints({"token": "old", "expirationTimestamp": "2026-01-01T00:00:00Z"})
    found = await program.way()
    program.prints({"token": "new", "expirationTimestamp": "2999-01-01T00:00:00Z"})

    assert await found.credentials.authorization() == "Bearer new"
    assert len(program.calls) == 2
    await found.credentials.authorization()
    assert len(program.calls) == 2
    found.credentials.refused()
    await found.credentials.authorization()
    assert len(program.calls) == 3


async def test_a_plugin_gets_the_cluster_where_it_asks_for_it(program: Program) -> None:
    program.prints({"token": "t"})
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}
    authority = trustme.CA().cert_pem.bytes()
    file = program.folder / "ca.crt"
    file.write_bytes(authority)
    cluster = {
        "certificate-authority": "ca.crt",
        "tls-server-name": "api",
        "extensions": [{"name": "other"}, extension],
    }
    await program.way(cluster, provideClusterInfo=True)

    (call,) = program.calls
    info = json.loads(call[: call.rindex(" [")])
    told = info["spec"]["cluster"]
    assert (told["server"], told["tls-server-name"]) == (SERVER, "api")
    assert told["config"] == {"audience": "x"}
    assert told["certificate-authority-data"]


async def test_the_certificate_of_a_plugin_is_shown_to_the_api_server(program: Program) -> None:
    leaf = trustme.CA().issue_cert("dev")
    program.prints(
        {"clientCertificateData": chain(leaf).decode(), "clientKeyData": key(leaf).decode()}
    )

    assert await (await program.way()).credentials.authorization() is None


@pytest.mark.parametrize("beside", [{"token": "t"}, {"username": "a", "password": "b"}])
async def test_a_plugin_is_not_asked_beside_other_credentials(
    program: Program, beside: Json
) -> None:
    """As kubectl does; the official Python client lets the plugin win."""
    found = await way(program.folder, config({**program.user(), **beside}))

    assert await found.credentials.authorization() in ("Bearer t", "Basic YTpi")
    assert program.calls == []


async def test_a_plugin_is_not_asked_beside_a_client_certificate(program: Program) -> None:
    leaf = trustme.CA().issue_cert("dev")
    (program.folder / "tls.crt").write_bytes(chain(leaf))
    (program.folder / "tls.key").write_bytes(key(leaf))
    user = {**program.user(), "client-certificate": "tls.crt", "client-key": "tls.key"}

    assert await (await way(program.folder, config(user))).credentials.authorization() is None
    assert program.calls == []


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("", "it printed no ExecCredential"),
        ("[]", "it printed no ExecCredential"),
        ("[" * 100_000, "it printed no ExecCredential"),
        (SECRET, "it printed no ExecCredential"),
        ({"token": SECRET, "expirationTimestamp": SECRET}, "expirationTimestamp is no time"),
        ({"token": SECRET, "expirationTimestamp": 7}, "expirationTimestamp is no time"),
        ({"token": SECRET, "expirationTimestamp": "2026-01-01"}, "expirationTimestamp is no time"),
        ({"token": f"{SECRET}\n"}, "the token has control characters"),
        (None, "it printed no ExecCredential"),
        ({}, "it printed no token"),
        ({"clientCertificateData": SECRET}, "it printed no token"),
        ({"token": "t", "clientKeyData": SECRET}, "it printed no token"),
        (
            {"clientCertificateData": SECRET, "clientKeyData": SECRET},
            "check client-certificate and client-key",
        ),
    ],
)
async def test_what_it_prints_is_not_quoted(program: Program, printed: Any, said: str) -> None:
    if isinstance(printed, str):
        program.says(printed)
    else:
        program.prints(printed)

    assert said in await program.refusal()


async def test_another_version_than_asked_for_is_refused(program: Program) -> None:
    program.prints({"token": "t"}, f"{V1}beta1")
    assert f"no ExecCredential of {V1}" in await program.refusal()
    program.says(json.dumps({"apiVersion": V1, "kind": "Pod", "status": {"token": "t"}}))
    assert "no ExecCredential" in await program.refusal()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"apiVersion": f"{V1}alpha1"}, "its apiVersion is none of"),
        ({"interactiveMode": None}, "its interactiveMode is none of"),
        ({"interactiveMode": "Sometimes"}, "its interactiveMode is none of"),
        ({"interactiveMode": "Always"}, "standard input is no terminal"),
        ({"env": [{"name": ""}]}, "a variable without a name"),
        ({"command": ""}, "it has no command"),
        (
            {"command": "./none", "installHint": "install\nit"},
            "./none fails: No such file or directory: install it",
        ),
    ],
)
async def test_what_cannot_be_run_is_refused(program: Program, change: Json, said: str) -> None:
    program.prints({"token": "t"})

    assert said in await program.refusal(**change)


async def test_a_failure_falls_back_to_nobody_else(program: Program) -> None:
    """The official Python client goes on without credentials, or with others."""
    program.prints({"token": SECRET}, code=3)

    assert "it ended with exit code 3" in await program.refusal()


async def test_one_that_does_not_end_is_ended(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PLUGIN_SECONDS", 0.05)
    program.file.write_text(f"#!{sys.executable}\nimport time; time.sleep(60)\n")

    assert "it does not end within" in await program.refusal()


async def test_a_bare_name_is_looked_for_on_the_path(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program.prints({"token": "t"})
    monkeypatch.setenv("PATH", str(program.folder))
    file = written(tmp_path_factory.mktemp("else"), config(program.user(command="plugin")))

    assert await load_client_config(file, NONE, {}) is not None
    assert len(program.calls) == 1


async def test_people_may_be_asked_on_a_terminal(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    program.prints({"token": "t"})
    await program.way(interactiveMode="Always")

    assert '"interactive": true' in program.calls[0]
