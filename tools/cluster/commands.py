"""How each component is called: kubeadm's choices where they can be had without containers.

RBAC and the default admission plugins are on, ServiceAccount tokens are really signed, every
controller acts as its own ServiceAccount. Everything listens on the loopback address alone.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tools.cluster.authority import Authority, Pair
from tools.cluster.binaries import Binaries
from tools.cluster.ports import LOOPBACK, free_ports
from tools.cluster.release import STAGES

SERVICE_NETWORK = "10.96.0.0/16"
POD_NETWORK = "10.244.0.1/16"
SERVER_NAMES = (
    LOOPBACK,
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "10.96.0.1",
)

# One event for each request, with the object as it was sent; what the components say to each
# other again and again is left out.
AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    verbs: [get, list, watch]
  - level: None
    resources:
      - {group: "", resources: [events]}
      - {group: events.k8s.io}
      - {group: coordination.k8s.io}
  - level: Request
    resources: [{group: ""}, {group: apps}, {group: batch}]
  - level: Metadata
"""

# Of itself it samples nothing, and sends spans to nobody: a request of an administrator that is
# sampled already keeps its trace, and the webhooks that it calls are told.
TRACING = """\
apiVersion: apiserver.config.k8s.io/v1beta1
kind: TracingConfiguration
samplingRatePerMillion: 0
endpoint: 127.0.0.1:1
"""

# The default of 20 requests a second makes the controllers alone five seconds late.
UNTHROTTLED = ("--kube-api-qps=1000", "--kube-api-burst=1000")

Command = list[str | Path]


@dataclass(frozen=True)
class Places:
    """The files and ports that the components share."""

    folder: Path
    serving: Pair
    authority: Pair
    token_key: Path
    etcd: int
    etcd_peers: int
    api: int
    controllers: int
    scheduler: int
    kwok: int

    @classmethod
    def in_folder(cls, folder: Path, authority: Authority) -> Self:
        """New keys and free ports for one control plane."""
        serving = authority.server("serving", SERVER_NAMES)
        return cls(folder, serving, authority.pair, authority.signing_key("tokens"), *free_ports(6))

    @property
    def url(self) -> str:
        """The API server's address."""
        return f"https://{LOOPBACK}:{self.api}"

    @property
    def audit_log(self) -> Path:
        """Where the API server writes one JSON event a line, if it is told to."""
        return self.folder / "audit.log"


def etcd(binaries: Binaries, places: Places) -> Command:
    """One member that trusts the page cache: its data need not outlive the machine."""
    client = f"http://{LOOPBACK}:{places.etcd}"
    peers = f"http://{LOOPBACK}:{places.etcd_peers}"
    return [
        binaries["etcd"],
        "--unsafe-no-fsync",
        f"--data-dir={places.folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
    ]


def api_server(binaries: Binaries, places: Places, *, audit: bool, tracing: bool) -> Command:
    """The real thing. Its endpoint is not published: no Endpoints may hold a loopback address."""
    issuer = "https://kubernetes.default.svc.cluster.local"
    command: Command = [
        binaries["kube-apiserver"],
        f"--etcd-servers=http://{LOOPBACK}:{places.etcd}",
        f"--bind-address={LOOPBACK}",
        f"--advertise-address={LOOPBACK}",
        f"--secure-port={places.api}",
        f"--service-cluster-ip-range={SERVICE_NETWORK}",
        "--endpoint-reconciler-type=none",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--client-ca-file={places.authority.certificate}",
        f"--service-account-issuer={issuer}",
        f"--service-account-key-file={places.token_key}",
        f"--service-account-signing-key-file={places.token_key}",
        *_serving(places),
    ]
    if tracing:
        traced = places.folder / "tracing.yaml"
        traced.write_text(TRACING, encoding="utf-8")
        command.append(f"--tracing-config-file={traced}")
    if audit:
        policy = places.folder / "audit-policy.yaml"
        policy.write_text(AUDIT_POLICY, encoding="utf-8")
        command += [f"--audit-policy-file={policy}", f"--audit-log-path={places.audit_log}"]
    return command


def controller_manager(binaries: Binaries, places: Places, kubeconfig: Path) -> Command:
    """Every controller that is on by default, each with its own ServiceAccount."""
    return [
        binaries["kube-controller-manager"],
        f"--kubeconfig={kubeconfig}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={places.controllers}",
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        "--horizontal-pod-autoscaler-sync-period=1s",
        *UNTHROTTLED,
        f"--root-ca-file={places.authority.certificate}",
        f"--service-account-private-key-file={places.token_key}",
        f"--cluster-signing-cert-file={places.authority.certificate}",
        f"--cluster-signing-key-file={places.authority.key}",
        *_serving(places),
    ]


def scheduler(binaries: Binaries, places: Places, kubeconfig: Path) -> Command:
    """The default profile."""
    return [
        binaries["kube-scheduler"],
        f"--kubeconfig={kubeconfig}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={places.scheduler}",
        "--leader-elect=false",
        *UNTHROTTLED,
        *_serving(places),
    ]


def kwok(binaries: Binaries, places: Places, kubeconfig: Path) -> Command:
    """The kubelet of every node there is."""
    return [
        binaries["kwok"],
        f"--kubeconfig={kubeconfig}",
        f"--config={binaries[STAGES]}",
        "--manage-all-nodes=true",
        f"--node-ip={LOOPBACK}",
        f"--cidr={POD_NETWORK}",
        "--node-lease-duration-seconds=40",
        f"--server-address={LOOPBACK}:{places.kwok}",
    ]


def _serving(places: Places) -> Command:
    return [
        f"--tls-cert-file={places.serving.certificate}",
        f"--tls-private-key-file={places.serving.key}",
    ]
