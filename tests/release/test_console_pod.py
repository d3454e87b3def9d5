"""The console as the chart runs it: somebody signs in by kubectl, and it is removed."""

import re
import ssl
import urllib.request
from urllib.parse import urlencode

import pytest
import trustme

from tests.release import servers
from tests.server.certificates import chain, client, key
from tools.chart.helm import NAMESPACE
from tools.release.release import WAIT, Release

pytestmark = [pytest.mark.control_plane, pytest.mark.usefixtures("removed")]

NAME, SECRET, PAGES = "mcp-admission-console", "console-tls", 8443
ONE_EACH = [f"{each}.replicas=1" for each in ("serve", "control", "certificates")]
VALUES = [*ONE_EACH, "console.enabled=true", f"console.tls.secretName={SECRET}"]
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
