"""Which files are read, which entries count, and what is refused instead of being passed over."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kube.access.kubeconfigs import SERVER, Json, config, refusal, way, written
from webhook.kube.access.client_config import NONE, ClientConfig, Overrides, load_client_config
from webhook.kube.errors import ConfigurationError

SECRET = "hunter2-" * 4


def two_contexts() -> Json:
    found = config()
    found["clusters"].append({"name": "other", "cluster": {"server": "https://other.invalid"}})
    context = {"name": "far", "context": {"cluster": "other", "user": "u"}}
    return {**found, "contexts": [*found["contexts"], context]}


async def listed(*files: Path, overrides: Overrides = NONE) -> ClientConfig:
    found = await load_client_config(
        None, overrides, {"KUBECONFIG": os.pathsep.join(map(str, files))}
    )
    assert found is not None
    return found


async def test_the_current_context_is_meant_unless_another_is_named(tmp_path: Path) -> None:
    assert (await way(tmp_path, two_contexts())).server == SERVER
    other = await way(tmp_path, two_contexts(), Overrides(context="far"))
    assert other.server == "https://other.invalid"


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ("fars", 'there is no context "fars": did you mean "far"?'),
        ("nowhere", 'there is no context "nowhere": name one with --context, there are x, far'),
    ],
)
async def test_an_unknown_context_is_refused_with_those_there_are(
    context: str, said: str, tmp_path: Path
) -> None:
    assert said in await refusal(tmp_path, two_contexts(), Overrides(context=context))


async def test_of_several_files_the_first_counts_as_in_kubectl(tmp_path: Path) -> None:
    """The official Python client lets the last current-context count: another cluster."""
    first = written(tmp_path, config(), "first")
    other = config(cluster={"server": "https://other.invalid"}, user={"token": "other"})
    other["contexts"].append({"name": "z", "context": {"cluster": "c", "user": "u"}})
    second = written(tmp_path, {**other, "current-context": "z"}, "second")
    missing = tmp_path / "missing"

    found = await listed(missing, first, second)
    assert (found.server, await found.credentials.authorization()) == (SERVER, "Bearer t")
    reverse = await listed(second, first)
    assert reverse.server == "https://other.invalid"
    assert (await listed(first, second, overrides=Overrides(context="z"))).server == SERVER


async def test_the_current_context_may_stand_in_a_later_file(tmp_path: Path) -> None:
    first = written(tmp_path, {**config(), "current-context": ""}, "first")
    second = written(tmp_path, {"current-context": "x"}, "second")

    assert (await listed(first, second)).server == SERVER


async def test_paths_are_meant_from_their_own_file(tmp_path: Path) -> None:
    """The official Python client looks for the user's files beside the cluster's."""
    user = {"users": [{"name": "u", "user": {"tokenFile": "token"}}]}
    users = written(tmp_path, user, "users/config")
    (tmp_path / "users" / "token").write_text("theirs\n")
    rest = written(tmp_path, {**config(), "users": []}, "clusters/config")
    written(tmp_path, "other", "clusters/token")

    found = await listed(rest, users)
    assert await found.credentials.authorization() == "Bearer theirs"


async def test_a_named_file_is_one_path_and_has_to_be_there(tmp_path: Path) -> None:
    file = written(tmp_path, config(), f"a{os.pathsep}b")
    assert (await load_client_config(file, NONE, {"KUBECONFIG": "/nowhere"})) is not None
    for kubeconfig, environment in (
        (tmp_path / "none", {}),
        (None, {"KUBECONFIG": f"{tmp_path}/none{os.pathsep}{tmp_path}/neither"}),
        (None, {}),
    ):
        with pytest.raises(ConfigurationError, match=r"shows no way .*\(there is no such file"):
            await load_client_config(kubeconfig, NONE, environment)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


async def test_a_home_goes_before_the_pod_as_in_kubectl(home: Path) -> None:
    pod = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}
    assert await load_client_config(None, NONE, pod) is None

    (home / ".kube").mkdir(parents=True)
    file = written(home / ".kube", "", "config")
    assert await load_client_config(None, NONE, pod) is None
    with pytest.raises(ConfigurationError, match="there is no context in it"):
        await load_client_config(None, NONE, {})

    written(home / ".kube", config(), file.name)
    for environment in ({}, pod, {"KUBECONFIG": ""}):
        found = await load_client_config(None, NONE, environment)
        assert found is not None
        assert found.server == SERVER


@pytest.mark.parametrize("key", ["as_groups", "asUser", "impersonate", "tokenfile", "what"])
async def test_an_unknown_key_of_a_user_is_refused(key: str, tmp_path: Path) -> None:
    """kubectl passes over it, and acts as the user whose credentials these are."""
    said = await refusal(tmp_path, config({"token": SECRET, key: SECRET}))

    assert f'user "u": {key} is no key that is known here' in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({"as": 2001}, "as should be a valid string"),
        ({"as": True}, "as should be a valid string"),
        ({"as-groups": "admins"}, "as-groups should be a valid list"),
        ({"as-user-extra": {"scopes": "all"}}, "as-user-extra.scopes should be a valid list"),
        ({"token": 12345}, "token should be a valid string"),
        ({"token": "a\nImpersonate-User: b"}, "the token has control characters"),
        ({"auth-provider": {"name": "gcp"}}, "auth-provider is not known here"),
        ({"token": "t", "username": "a", "password": "b"}, "a token and a password"),
        ({"tokenFile": "t", "username": "a"}, "a token and a password"),
        ({"tokenFile": "none"}, "tokenFile"),
        ({"client-certificate": "none"}, "client-certificate"),
        ({"client-certificate-data": "TUlTUw=="}, "without its client-key"),
        ({"client-certificate-data": "%"}, "client-certificate-data is not base64"),
        (
            {"client-certificate-data": "TUlTUw==", "client-key-data": "TUlTUw=="},
            "check client-certificate and client-key",
        ),
        ({"exec": {"apiVersion": "client.authentication.k8s.io/v1"}}, "exec.command is missing"),
        ("text", "should be a valid dictionary"),
    ],
)
async def test_what_cannot_be_honoured_of_a_user_is_refused(
    user: Any, said: str, tmp_path: Path
) -> None:
    told = await refusal(tmp_path, config(user))

    assert said in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        ({"server": ""}, "server is no URL"),
        ({"server": "api.example.invalid:6443"}, "server is no URL"),
        ({"server": "https://user:word@api.invalid"}, "server is no URL"),
        ({"server": "https://[::1"}, "server is no URL"),
        ({"server": "https://api.invalid:99999"}, "server is no URL"),
        ({"insecure-skip-tls-verify": "true"}, "should be a valid boolean"),
        (
            {"insecure-skip-tls-verify": True, "certificate-authority-data": "TUlTUw=="},
            "contradict each other",
        ),
        ({"certificate-authority-data": "TUlTUw=="}, "check certificate-authority"),
        ({"certificate-authority": "none"}, "certificate-authority"),
        ({"proxy-url": "proxy.invalid:1080"}, "proxy-url is no http:// URL"),
        ({"proxy-url": "socks5://proxy.invalid:1080"}, "proxy-url is no http:// URL"),
        ({"proxy-url": "https://proxy.invalid:1080"}, "proxy-url is no http:// URL"),
        ({"tls-servername": "a"}, "did you mean tls-server-name?"),
    ],
)
async def test_what_cannot_be_honoured_of_a_cluster_is_refused(
    cluster: Json, said: str, tmp_path: Path
) -> None:
    assert said in await refusal(tmp_path, config(cluster=cluster))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"current-context": "z"}, 'there is no context "z"'),
        ({"current-context": "\x1b[2Jz\n\u202ez"}, 'there is no context " [2Jz  z"'),
        ({"current-context": None}, "names no current-context"),
        ({"current-context": 1}, "current-context is no name"),
        ({"contexts": []}, "there is no context in it"),
        ({"contexts": {}}, "there is no context in it"),
        ({"contexts": "x"}, "contexts is no list of entries with a name"),
        ({"contexts": [{"name": "x"}]}, "cluster is missing"),
        ({"clusters": []}, 'context "x": there is no cluster "c"'),
        ({"users": []}, 'context "x": there is no user "u"'),
        ({"users": [{}]}, "users is no list of entries with a name"),
        ({"users": [{"name": "u"}, {"name": "u"}]}, 'users has "u" twice'),
        ({"kind": "Pod"}, "it is no kubeconfig"),
    ],
)
async def test_what_does_not_fit_together_is_refused(
    change: Json, said: str, tmp_path: Path
) -> None:
    assert said in await refusal(tmp_path, {**config(), **change})


@pytest.mark.parametrize(
    "text", ["{", "null", "# nothing", "- 1", "text", "a: 1\n---\nb: 2\n", f"'{SECRET}", "\0"]
)
async def test_a_file_that_is_none_is_refused_and_not_quoted(text: str, tmp_path: Path) -> None:
    said = await refusal(tmp_path, text)

    assert SECRET not in said
    assert str(tmp_path) in said


@pytest.mark.parametrize(
    "user",
    ["{token: t, as: dev, as: ''}", "{as: dev, <<: *administrator}", "!user {token: t}"],
)
async def test_what_readers_of_yaml_read_differently_is_refused(user: str, tmp_path: Path) -> None:
    """kubectl sends the merged value, Python's own reader the other one."""
    users = "users: [{name: u, user: %s}]\no: &administrator {token: t, as: ''}\n"
    text = yaml.dump({**config(), "users": None}).replace("users: null\n", "")
    moved = (users % user).splitlines()[::-1]

    said = await refusal(tmp_path, text + "\n".join(moved) + "\n")
    assert "cannot be read" in said


async def test_a_file_that_may_not_be_looked_at_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one of the list would count instead: another user, another cluster."""
    second = written(tmp_path, config(), "second")

    original = Path.stat

    def stat(self: Path, **options: Any) -> os.stat_result:
        if self.name == "first":
            raise PermissionError(13, "Permission denied")
        return original(self, **options)

    monkeypatch.setattr(Path, "stat", stat)
    with pytest.raises(ConfigurationError, match=r"first cannot be read \(Permission denied\)"):
        await listed(tmp_path / "first", second)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        await listed(tmp_path, second)


async def test_a_context_without_user_is_anonymous(tmp_path: Path) -> None:
    found = config()
    found["contexts"][0]["context"].pop("user")

    assert await (await way(tmp_path, found)).credentials.authorization() is None


async def test_no_credentials_go_to_a_server_without_tls(tmp_path: Path) -> None:
    found = await way(tmp_path, config(cluster={"server": "http://api.example.invalid/"}))

    assert found.server == "http://api.example.invalid"
    assert await found.credentials.authorization() is None
