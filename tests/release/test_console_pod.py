"""The console as the chart runs it: somebody signs in by kubectl, and it is removed.

Its certificate is one that was brought along, or that of its own authority.
"""

import base64
import re
import ssl
import urllib.request
from urllib.parse import urlencode

import pytest
import trustme

from tests.controller.certificates.cluster import accepted
from tests.release import servers
from tests.server.certificates import chain, client, key
from tools.chart.helm import NAMESPACE
from tools.release.release import WAIT, Release

pytestmark = [pytest.mark.control_plane, pytest.mark.usefixtures("removed")]

NAME, SECRET, PAGES = "mcp-admission-console", "console-tls", 8443
ONE_EACH = [f"{each}.replicas=1" for each in ("serve", "control", "certificates")]
VALUES = [*ONE_EACH, "console.enabled=true", f"console.tls.secretName={SECRET}"]
ISSUED = [*ONE_EACH, "console.enabled=true", "console.hosts={console.example}"]
NAMES = ("localhost", "console.example", f"{NAME}.{NAMESPACE}.svc")
KINDS = "deployment,service,serviceaccount,networkpolicy,pod,lease"


def browser(trust: ssl.SSLContext) -> urllib.request.OpenerDirector:
    """It keeps cookies, and follows where it is sent."""
    return urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=trust), urllib.request.HTTPCookieProcessor()
    )


def test_a_token_of_kubectl_opens_the_console_of_the_chart(release: Release) -> None:
    cluster = release.cluster
    authority = trustme.CA()
    leaf = authority.issue_cert("localhost")
    cluster.named_namespace(NAMESPACE, {})
    data = {"tls.crt": chain(leaf).decode(), "tls.key": key(leaf).decode()}
    secret = {"metadata": {"name": SECRET}, "type": "kubernetes.io/tls", "stringData": data}
    cluster.create(f"/api/v1/namespaces/{NAMESPACE}/secrets", secret)
    namespace = cluster.namespace("seen")
    release.install("--set", ",".join(VALUES), "--wait", "--timeout", WAIT)
    servers.deploy(cluster, namespace)
    here = ("--namespace", namespace)
    cluster.kubectl("create", "serviceaccount", "viewer", *here)
    subject = f"--serviceaccount={namespace}:viewer"
    cluster.kubectl("create", "rolebinding", "viewer", "--clusterrole=view", subject, *here)
    token = cluster.kubectl("create", "token", "viewer", *here).stdout.strip()
    (pod,) = release.component("console")
    (container,) = release.kubelet.containers(pod)
    address = f"https://localhost:{container.ports[PAGES]}"
    person = browser(client(authority))

    def page(path: str, data: bytes | None = None) -> str:
        with person.open(f"{address}{path}", data, timeout=30) as answer:
            return str(answer.read().decode())

    assert 'name="secret"' in page("/sign-in")
    form = {"secret": token, "then": f"/?namespace={namespace}"}
    assert "viewer" in page("/sign-in", urlencode(form).encode())
    row = re.compile(rf"/servers/{namespace}/Deployment/{servers.NAME}\b")
    release.wait_for("the server's row", lambda: row.search(page(f"/?namespace={namespace}")))
    assert token not in container.log
    assert release.restarts() == 0

    release.uninstall()
    left = cluster.kubectl("get", KINDS, "--namespace", NAMESPACE, "--output", "name").stdout
    assert NAME not in left


def secret(release: Release, name: str) -> dict[str, bytes]:
    """What one of the Secrets of the console's certificate holds; nothing where it is not there."""
    path = f"/api/v1/namespaces/{NAMESPACE}/secrets/{NAME}-{name}"
    data = release.cluster.raw("GET", path).json().get("data") or {}
    return {key: base64.b64decode(value) for key, value in data.items()}


def port(release: Release) -> int:
    (pod,) = release.component("console")
    (container,) = release.kubelet.containers(pod)
    return int(container.ports[PAGES])


def is_shown(release: Release, before: bytes) -> bool:
    """Whether browsers with the authority of the Secret are shown another leaf than before."""
    try:
        shown = accepted(port(release), NAMES[0], secret(release, "tls")["ca.crt"])
    except (KeyError, ssl.SSLError):
        return False
    return shown != before


def test_browsers_verify_the_console_by_the_authority_that_the_secret_holds(
    release: Release,
) -> None:
    release.install("--set", ",".join(ISSUED), "--wait", "--timeout", WAIT)
    first, authority = secret(release, "tls"), secret(release, "ca")

    assert first.keys() == {"tls.crt", "tls.key", "ca.crt"}
    assert authority.keys() == {"ca.crt", "ca.key"}
    assert authority["ca.crt"] == first["ca.crt"]
    for name in NAMES:
        assert accepted(port(release), name, first["ca.crt"]) == first["tls.crt"]
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        accepted(port(release), f"mcp-admission.{NAMESPACE}.svc", first["ca.crt"])
    for bundle in map(base64.b64decode, release.bundles()):
        with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
            accepted(port(release), NAMES[0], bundle)

    release.cluster.kubectl("delete", "secret", f"{NAME}-tls", "--namespace", NAMESPACE)
    release.wait_for("new certificate", lambda: is_shown(release, first["tls.crt"]))
    second = secret(release, "tls")
    assert second["ca.crt"] == first["ca.crt"]
    assert accepted(port(release), NAMES[0], first["ca.crt"]) == second["tls.crt"]

    release.cluster.kubectl("delete", "secret", f"{NAME}-ca", "--namespace", NAMESPACE)
    release.wait_for("new authority", lambda: is_shown(release, second["tls.crt"]))
    assert secret(release, "tls")["ca.crt"] not in {first["ca.crt"], b""}
    assert release.restarts() == 0

    release.uninstall()
    assert secret(release, "tls") == secret(release, "ca") == {}
