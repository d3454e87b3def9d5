"""Generated pods: tidy ones of every container list, spoilt in a few places.

`specs` gives the spec alone and `pods` the whole Pod. Half of the tidy pods satisfy every check at
restricted. What spoils a pod is dangerous (`privileged: true`), or nothing that the API server
would let pass (`runAsUser: "0"`), or a field that nobody knows yet. Every document is fresh, so
that whoever gets one may edit it.
"""

import json
from typing import Any

from hypothesis import strategies as st

from tests.rules.odd_values import (
    ANNOTATIONS,
    LATER,
    LISTS,
    OF_CONTAINERS,
    OF_PODS,
    Path,
    Values,
)

Json = dict[str, Any]
ABSENT = object()
PROFILES = ({"type": "RuntimeDefault"}, {"type": "Localhost", "localhostProfile": "a.json"})
DROPPED = ({"drop": ["ALL"]}, {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]})


IN_CONTEXTS = dict[str, Values](
    runAsUser=(1000, 65532),
    runAsGroup=(0, 1000),
    appArmorProfile=PROFILES,
    seLinuxOptions=({"level": "s0:c1"}, {"type": "container_t"}),
)
COVERING = dict[str, Values](runAsNonRoot=(True,), seccompProfile=PROFILES)
IN_POD_CONTEXTS = dict[str, Values](
    fsGroup=(1000,), sysctls=([{"name": "net.ipv4.tcp_syncookies"}],)
)
CONFINING = dict[str, Values](allowPrivilegeEscalation=(False,), capabilities=DROPPED)
IN_CONTAINER_CONTEXTS = dict[str, Values](privileged=(False,), procMount=("Default",))
IN_CONTAINERS = dict[str, Values](
    image=("registry.example/mcp:1",), env=([{"name": "A", "value": "b"}],)
)
IN_LONG_RUNNING = dict[str, Values](
    imagePullPolicy=("Always", "IfNotPresent"),
    ports=([{"name": "mcp", "containerPort": 8080}], [{"containerPort": 80}]),
    livenessProbe=({"httpGet": {"path": "/", "port": 80}},),
    envFrom=([{"secretRef": {"name": "own"}}],),
    volumeMounts=([{"name": "data", "mountPath": "/data"}],),
    resources=(
        {"requests": {"memory": "1Gi"}},
        {"limits": {"cpu": "0.5", "memory": "1e9"}},
        {"requests": {"cpu": 1}, "limits": {"cpu": "1500m"}},
    ),
)
IN_SPECS = dict[str, Values](
    hostUsers=(False, True),
    automountServiceAccountToken=(False,),
    serviceAccountName=("default",),
    runtimeClassName=("kata",),
    nodeSelector=({"kubernetes.io/arch": "amd64"},),
    tolerations=([{"key": "mcp", "operator": "Exists"}],),
    volumes=(
        [{"name": "data"}],
        [{"name": "data", "emptyDir": {}}],
        [{"name": "data", "secret": {"secretName": "own"}}],
    ),
)


def _objects(
    optional: dict[str, Values], required: dict[str, Values] | None = None
) -> st.SearchStrategy[Json]:
    """Objects with some of the optional fields; one draw each, because pods have hundreds."""
    choices = [(key, values) for key, values in (required or {}).items()]
    choices += [(key, (ABSENT, *values)) for key, values in optional.items()]

    def chosen(digits: bytes) -> Json:
        pairs = zip(choices, digits, strict=True)
        found = {key: values[digit % len(values)] for (key, values), digit in pairs}
        return {key: value for key, value in found.items() if value is not ABSENT}

    return st.binary(min_size=len(choices), max_size=len(choices)).map(chosen)


CONTEXTS = _objects({**IN_CONTEXTS, **COVERING, **CONFINING, **IN_CONTAINER_CONTEXTS})
HARDENED_CONTEXTS = _objects({**IN_CONTEXTS, **COVERING, **IN_CONTAINER_CONTEXTS}, CONFINING)
POD_CONTEXTS = _objects({**IN_CONTEXTS, **COVERING, **IN_POD_CONTEXTS})
HARDENED_POD_CONTEXTS = _objects({**IN_CONTEXTS, **IN_POD_CONTEXTS}, COVERING)


def _containers(key: str, *, hardened: bool) -> st.SearchStrategy[list[Json]]:
    optional = dict(IN_CONTAINERS)
    if key != "ephemeralContainers":
        optional |= IN_LONG_RUNNING
    if key == "initContainers":
        optional |= dict[str, Values](restartPolicy=("Always",))
    contexts = HARDENED_CONTEXTS if hardened else CONTEXTS
    regular = key == "containers"
    items = st.tuples(_objects(optional), contexts)
    return st.lists(items, min_size=int(regular), max_size=2).map(
        lambda found: [
            {
                "name": ("main", "b")[at] if regular else f"{key}-{at}".lower(),
                **container,
                **({"securityContext": context} if context else {}),
            }
            for at, (container, context) in enumerate(found)
        ]
    )


CONTAINERS = {
    (key, hardened): _containers(key, hardened=hardened)
    for key in LISTS
    for hardened in (False, True)
}


@st.composite
def _tidy(draw: st.DrawFn) -> Json:
    hardened = draw(st.booleans())
    spec: Json = {}
    for key in LISTS:
        containers = draw(CONTAINERS[key, hardened])
        if containers:
            spec[key] = containers
    if hardened:
        spec["securityContext"] = draw(HARDENED_POD_CONTEXTS)
    elif draw(st.booleans()):
        spec["securityContext"] = draw(POD_CONTEXTS)
    return {**spec, **draw(_objects(IN_SPECS))}


@st.composite
def specs(draw: st.DrawFn) -> Json:
    """The spec of a pod, tidy but for at most four places."""
    spec: Json = json.loads(json.dumps(draw(_tidy())))
    for _ in range(draw(st.integers(0, 4))):
        containers = [one for key in LISTS for one in _dicts(spec.get(key))]
        of_pod = not containers or draw(st.booleans())
        path, values = draw(st.sampled_from(tuple((OF_PODS if of_pod else OF_CONTAINERS).items())))
        target = spec if of_pod else draw(st.sampled_from(containers))
        put(target, path, draw(st.sampled_from(values)))
    fresh: Json = json.loads(json.dumps(spec))
    return fresh


@st.composite
def pods(draw: st.DrawFn) -> Json:
    """A whole Pod."""
    metadata: Json = draw(st.sampled_from(({"name": "tools"}, {"generateName": "tools-5d8-"})))
    metadata = {**metadata, "namespace": "tools"}
    keys = draw(st.sets(st.sampled_from(sorted(ANNOTATIONS)), max_size=2))
    if keys:
        metadata["annotations"] = {
            key: draw(st.sampled_from(ANNOTATIONS[key])) for key in sorted(keys)
        }
    if draw(st.booleans()):
        metadata["labels"] = {"mcp-admission.dev/server": "true", "app": "tools"}
    more = draw(_objects(dict[str, Values](status=({},), later=LATER)))
    pod: Json = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, **more}
    fresh: Json = json.loads(json.dumps(pod))
    return {**fresh, "spec": draw(specs())}


def put(target: Json, path: Path, value: Any) -> None:
    """Give a field deep inside an object a value, whatever stands in the way."""
    *parents, last = path
    for key in parents:
        if type(target.get(key)) is not dict:
            target[key] = {}
        target = target[key]
    target[last] = value


def _dicts(value: Any) -> list[Json]:
    return [item for item in value if type(item) is dict] if type(value) is list else []
