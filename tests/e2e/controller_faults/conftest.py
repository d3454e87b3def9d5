"""One controller behind a proxy, for all faults of this folder."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.e2e.controller.control import Control, grant
from tests.e2e.product import Product
from tests.kube.faults import Proxy


class Behind(NamedTuple):
    """The controller, and what stands between it and the API server."""

    control: Control
    proxy: Proxy


@pytest.fixture(scope="package")
def behind(product: Product) -> Iterator[Behind]:
    """A controller that leads, behind a proxy that does nothing yet."""
    cluster = product.cluster
    grant(cluster)
    with Proxy(cluster.url, cluster.components.places.authority.certificate) as proxy:
        file = cluster.folder / "proxied.kubeconfig"
        kubeconfig = proxy.kubeconfig(product.controller.kubeconfig, file)
        with Control(product, name="proxied", kubeconfig=kubeconfig) as control:
            cluster.wait_for("controller that leads", control.leads)
            yield Behind(control, proxy)
