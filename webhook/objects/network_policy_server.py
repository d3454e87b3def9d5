"""The NetworkPolicy `<id>-mcp-access`: what one server may do beyond the baseline of its namespace.

Made      for a server that asks by mcp-admission.dev/egress or .../ingress-from, while
          mcpNamespace.networkPolicy.enabled
Selects   the pods of this server by both labels, so that it widens no other server
Egress    the blocks asked for, one rule for each port, then each egress profile
Ingress   each ingress profile
Refused   what lies outside the ceilings and profiles of the settings, which may have changed since
          admission; nothing is made then

NetworkPolicies add up: it opens what it lists and closes nothing. A direction in which nothing is
asked is not in policyTypes: on its own, the policy isolates nothing that was not asked about.
"""

from copy import deepcopy
from typing import Any

from webhook import names
from webhook.objects.deployed_server import Server
from webhook.objects.refusal import Refused, asked
from webhook.pods import peers
from webhook.pods.peers import RequestedAccess
from webhook.settings.model import NetworkPolicy, Settings

Json = dict[str, Any]
NOTHING = RequestedAccess()


def network_policy_server(server: Server, settings: Settings) -> Json | None:
    """The policy; None where the server asks for nothing, or network policies are off.

    Raises Refused with every entry that the settings do not grant.
    """
    policy = settings.mcp_namespace.network_policy
    if not policy.enabled:
        return None
    told = {key: server.asks(key) for key in (names.EGRESS, names.INGRESS_FROM)}
    egress, ingress = told[names.EGRESS], told[names.INGRESS_FROM]
    reached = NOTHING if egress is None else peers.egress(egress, policy)
    callers = NOTHING if ingress is None else peers.ingress(ingress, policy)
    objections = [
        *(asked(names.EGRESS, sentence) for sentence in reached.objections),
        *(asked(names.INGRESS_FROM, sentence) for sentence in callers.objections),
    ]
    if objections:
        raise Refused("AccessRefused", *objections)
    spec = {**_ingress(callers, policy), **_egress(reached, policy)}
    if not spec:
        return None
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": server.metadata(names.access_policy_of(server.name)),
        "spec": {
            "podSelector": {"matchLabels": server.selector},
            "policyTypes": [direction.capitalize() for direction in spec],
            **spec,
        },
    }


def _egress(reached: RequestedAccess, policy: NetworkPolicy) -> Json:
    by_port: dict[int | None, list[Json]] = {}
    for block in reached.blocks:
        by_port.setdefault(block.port, []).append({"ipBlock": {"cidr": block.cidr}})
    rules: list[Json] = [
        {"to": blocks} if port is None else {"to": blocks, "ports": [_tcp(port)]}
        for port, blocks in by_port.items()
    ]
    profiles = map(policy.egress_profiles.__getitem__, reached.profiles)
    rules += [{"to": deepcopy(profile.to), **_ports(profile.ports)} for profile in profiles]
    return {"egress": rules} if rules else {}


def _ingress(callers: RequestedAccess, policy: NetworkPolicy) -> Json:
    profiles = map(policy.ingress_profiles.__getitem__, callers.profiles)
    rules = [{"from": deepcopy(profile.from_), **_ports(profile.ports)} for profile in profiles]
    return {"ingress": rules} if rules else {}


def _ports(ports: list[Json]) -> Json:
    return {"ports": deepcopy(ports)} if ports else {}


def _tcp(port: int) -> Json:
    return {"protocol": "TCP", "port": port}
