"""Configuration: every value reaches the server as it is, or a sentence says why it cannot."""

import subprocess
import sys
from base64 import b64decode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.objects.case import SECRET_UID, Json, assert_valid, secret, secret_of, server
from webhook.objects.configuration import (
    LARGEST_SECRET,
    LONGEST_VARIABLE,
    ServerConfiguration,
    build_config_secret,
    build_files_secret,
    file_keys,
    read_configuration,
)
from webhook.objects.deployed_server import Refused

MIB = 1024 * 1024
FROM = "metadata.annotations[mcp-admission.dev/config-from]"
KEYS = "metadata.annotations[mcp-admission.dev/file-keys]"
MARK = "list the keys in mcp-admission.dev/file-keys"


def asking(file_keys: str = "") -> dict[str, str]:
    return {"config-from": "values"} | ({"file-keys": file_keys} if file_keys else {})


def both(source: Json, file_keys: str = "") -> tuple[Json, Json]:
    """The values of the two Secrets."""
    asker = server(asks=asking(file_keys))
    content = read_configuration(asker, source)
    made = [build_config_secret(asker, content), build_files_secret(asker, content)]
    env, files = (
        {key: b64decode(value) for key, value in (each or {"data": {}})["data"].items()}
        for each in made
    )
    return env, files


UNICODE = "Größe 😀\n".encode()
LONG = b"x" * (LONGEST_VARIABLE - 2)
FULL = {f"K{at}": b"x" * (MIB // 16) for at in range(16)}
CONTENTS: list[Any] = [
    pytest.param({"TOKEN": b"a"}, "", {"TOKEN": b"a"}, {}, id="one-value"),
    pytest.param({}, "", {}, {}, id="an-empty-secret"),
    pytest.param({"EMPTY": b""}, "", {"EMPTY": b""}, {}, id="an-empty-value"),
    pytest.param({"NAME": UNICODE}, "", {"NAME": UNICODE}, {}, id="unicode"),
    pytest.param(
        {"ca.pem": b"x", "TOKEN": b"a"},
        "ca.pem",
        {"ca.pem": b"/files/ca.pem", "TOKEN": b"a"},
        {"ca.pem": b"x"},
        id="a-file",
    ),
    pytest.param(
        {"keystore": b"\x00\xff"},
        " keystore ,keystore",
        {"keystore": b"/files/keystore"},
        {"keystore": b"\x00\xff"},
        id="a-binary-file",
    ),
    pytest.param(
        {"EMPTY": b""}, "EMPTY", {"EMPTY": b"/files/EMPTY"}, {"EMPTY": b""}, id="an-empty-file"
    ),
    pytest.param({"2FA": b"a", "a-b": b"b"}, "", {"2FA": b"a", "a-b": b"b"}, {}, id="odd-names"),
    pytest.param(
        {"big": b"x" * MIB}, "big", {"big": b"/files/big"}, {"big": b"x" * MIB}, id="1-mib-as-file"
    ),
    pytest.param(
        {f"K{at}": b"x" * 131_000 for at in range(8)},
        "",
        {f"K{at}": b"x" * 131_000 for at in range(8)},
        {},
        id="nearly-1-mib-as-environment",
    ),
    pytest.param({"K": LONG}, "", {"K": LONG}, {}, id="long"),
    pytest.param(FULL, "", FULL, {}, id="1-mib-as-environment"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "marked", "env", "files"), CONTENTS)
def test_every_value_is_kept(values: Json, marked: str, env: Json, files: Json) -> None:
    assert both(secret_of(values), marked) == (env, files)
    asker = server(asks=asking(marked))
    content = read_configuration(asker, secret_of(values))
    assert_valid(
        *filter(None, [build_config_secret(asker, content), build_files_secret(asker, content)])
    )


BINARY = "Secret values has binary values, which no environment variable can hold"
TOO_LONG = "Secret values has values of more than 128 KiB, which Linux passes to no process"
NO_ROOM = "Secret values leaves no room for where its files are: the environment would have"
NO_NAMES = "Secret values has keys that name no file and no environment variable"
REFUSALS: list[Any] = [
    pytest.param(
        {"K": b"a\0b", "L": b"\xff", "M": b"m"},
        "",
        [f"{BINARY}, in K, L: {MARK}"],
        id="binary",
    ),
    pytest.param(
        {"K": b"x" * (LONGEST_VARIABLE - 1)},
        "",
        [f"{TOO_LONG}, in K: {MARK}"],
        id="long",
    ),
    pytest.param(
        {"K": b"k"},
        "K,a.pem,b.pem",
        [f"{KEYS} names a.pem, b.pem, which Secret values does not have: add them there"],
        id="files-that-are-not-there",
    ),
    pytest.param(
        {**FULL, "file": b""},
        "file",
        [
            f"{NO_ROOM} {MIB + 11} bytes of the {MIB} that a Secret holds, take a value out"
        ],
        id="full",
    ),
    pytest.param(
        {"a/b": b"", "..": b"", "ä": b""},
        "",
        [
            rf"{NO_NAMES}, '..', 'a/b', '\xe4': use letters, digits, dots, hyphens and underscores"
        ],
        id="keys-that-no-secret-has",
    ),
    pytest.param(
        {f"K{at}": b"\0" for at in range(9)} | {"L": b"x" * MIB},
        "",
        [
            f"{BINARY}, in K0, K1, K2, K3, K4 and 4 more: {MARK}",
            f"{TOO_LONG}, in L: {MARK}",
            f"{NO_ROOM} {MIB + 9} bytes of the {MIB} that a Secret holds, take a value out",
        ],
        id="every-reason-at-once",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("values", "marked", "sentences"), REFUSALS)
def test_what_cannot_reach_the_server(values: Json, marked: str, sentences: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        read_configuration(server(asks=asking(marked)), secret_of(values))

    assert list(refused.value.sentences) == sentences
    assert refused.value.reason == "ConfigRefused"


def refusal(source: Json | None, **asks: str) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        read_configuration(server(asks=asks), source)
    return refused.value.reason, str(refused.value)


def test_a_secret_that_is_not_there() -> None:
    sentence = f"{FROM} names values, which is no Secret of namespace tools: create it"

    assert refusal(None, **asking()) == ("ConfigMissing", sentence)


@pytest.mark.parametrize("kind", ["config", "files"])
def test_what_is_made_is_not_made_from_itself(kind: str) -> None:
    own = f"github-tools-mcp-{kind}"
    sentence = f"{FROM} names the Secret that is made from it: name yours"

    assert refusal(secret(own), **{"config-from": own}) == ("ConfigRefused", sentence)


def test_no_token_of_a_service_account_is_handed_out_as_configuration() -> None:
    reason, sentence = refusal(
        secret(kind="kubernetes.io/service-account-token", token=b"eyJ"), **asking()
    )

    assert reason == "ConfigRefused"
    assert sentence.startswith(f"{FROM} names values, which holds the token of a ServiceAccount")
    assert "eyJ" not in sentence


def test_a_value_that_is_no_base64_is_not_quoted() -> None:
    source = secret() | {"data": {"K": "hunter2!"}}

    assert refusal(source, **asking()) == (
        "ConfigRefused",
        "Secret values has a value in data.K that is no base64: encode it",
    )


def test_a_manifest_may_say_it_in_plain_text() -> None:
    assert both(secret(K=b"old", L=b"l") | {"stringData": {"K": "new"}}) == (
        {"K": b"new", "L": b"l"},
        {},
    )


@pytest.mark.parametrize("asks", [{}, {"file-keys": "a"}, {"env-from": "values"}])
def test_a_server_that_asks_for_none_has_no_configuration(asks: dict[str, str]) -> None:
    assert read_configuration(server(asks=asks), secret(K=b"k")) is None


KEY = st.from_regex(r"[a-zA-Z_][-._a-zA-Z0-9]{0,20}", fullmatch=True)


@given(st.dictionaries(KEY, st.text().map(str.encode), max_size=5), st.data())
def test_files_and_environment_together_have_every_value_once(
    values: dict[str, bytes], data: st.DataObject
) -> None:
    values = {key: value.replace(b"\0", b"") for key, value in values.items()}
    marked = data.draw(st.sets(st.sampled_from(sorted(values)))) if values else set()
    env, files = both(secret_of(values), ",".join(sorted(marked)))

    assert env.keys() == values.keys()
    assert files == {key: values[key] for key in marked}
    assert all(env[key] == f"/files/{key}".encode() for key in marked)
    assert {key: env[key] for key in env if key not in marked} == {
        key: value for key, value in values.items() if key not in marked
    }


def test_keys_are_read_as_the_pods_read_them() -> None:
    assert file_keys(server(asks={"file-keys": "a, b,,a"})) == ["a", "b"]


def test_the_limit_is_that_of_the_api_server() -> None:
    assert LARGEST_SECRET == MIB


@pytest.mark.skipif(sys.platform != "linux", reason="containers run on Linux")
def test_the_longest_variable_is_that_of_linux() -> None:
    longest = "x" * (LONGEST_VARIABLE - len("K="))

    subprocess.run(["/bin/true"], env={"K": longest}, check=True)
    with pytest.raises(OSError, match="too long"):
        subprocess.run(["/bin/true"], env={"K": f"{longest}x"}, check=True)


@pytest.mark.parametrize(
    ("keys", "listed"),
    [
        (["A" * 60], "A" * 60),
        (["A" * 61], f"{'A' * 57}..."),
        (["A", "B", "C", "D", "E"], "A, B, C, D, E"),
        (["A", "B", "C", "D", "E", "F"], "A, B, C, D, E and 1 more"),
    ],
)
def test_a_refusal_names_five_keys_and_counts_the_rest(keys: list[str], listed: str) -> None:
    _, sentence = refusal(secret_of(dict.fromkeys(keys, b"\0")), **asking())

    assert sentence == f"{BINARY}, in {listed}: {MARK}"


@pytest.mark.parametrize(("uid", "known"), [(SECRET_UID, SECRET_UID), (None, "")])
def test_the_content_knows_its_source(uid: str | None, known: str) -> None:
    source = secret(K=b"k")
    source["metadata"]["uid"] = uid

    content = read_configuration(server(asks=asking()), source)

    assert content == ServerConfiguration({"K": b"k"}, {}, known)
