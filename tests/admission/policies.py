"""Settings under which whatever holds for every object has to hold."""

from hypothesis import strategies as st

from tests.admission.case import DEFAULTS, MANAGED, OPTED_IN, Json
from tests.rules.case import settings_of

FLEET = {
    "runtimeClassName": "gvisor",
    "tolerations": [{"key": "fleet", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "nodeSelector": {"pool": "mcp", "example.com/zone_a": "b"},
    "imagePullSecrets": [{"name": "registry"}],
    "resources": {"requests": {"memory": "400Mi", "cpu": "100m"}, "limits": {"memory": "1Gi"}},
}
FORBID = {**FLEET, "perServer": "forbid"}
CEILINGS = {"requests": {"memory": "1Gi"}, "limits": {"memory": "2Gi", "cpu": "2"}}


def _enforced(level: str) -> Json:
    return {"podSecurity": {"enforce": level}}


POLICIES = {
    "default": DEFAULTS,
    "baseline": settings_of(mcpNamespace=_enforced("baseline")),
    "privileged": settings_of(mcpNamespace=_enforced("privileged")),
    "openshift": settings_of(platform="openshift"),
    "fleet": settings_of(mcpServerDefaults=FLEET),
    "forbid": settings_of(mcpServerDefaults=FORBID),
    "ceilings": settings_of(mcpServerMaximums=CEILINGS),
    "override": settings_of(onConflict="override"),
    "override-forbid": settings_of(
        onConflict="override", mcpServerDefaults=FORBID, mcpServerMaximums=CEILINGS
    ),
    "warn": settings_of(onConflict="warn", mcpServerDefaults=FLEET, mcpServerMaximums=CEILINGS),
    "off": settings_of(
        rules={"image-pull-policy": "off", "resources": "off", "run-as-user": "off"},
        isolation={"gate": False},
    ),
}
NAMES = st.sampled_from(list(POLICIES))
RESTRICTED = ["default", "openshift", "fleet", "forbid", "ceilings", "override", "override-forbid"]
SCOPES = st.sampled_from([OPTED_IN, MANAGED])
