"""A base pod with one tweak: what a rule fills in, and what it refuses."""

from typing import Any

from webhook.pods.fields import Fields
from webhook.pods.patch import Operation, Patch
from webhook.pods.pod import Origin, Pod, PodHead
from webhook.rules.rule import ContainerRule, PodRule
from webhook.settings.model import Settings

Json = dict[str, Any]


def base(**tweak: Any) -> Json:
    """A minimal pod; keyword arguments replace fields of its spec."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "github-tools", "namespace": "tools"},
        "spec": {"containers": [{"name": "main", "image": "registry.example/mcp:1"}], **tweak},
    }


def with_container(**tweak: Any) -> Json:
    """A minimal pod whose container has these fields too."""
    return base(containers=[{"name": "main", "image": "registry.example/mcp:1", **tweak}])


def in_list(key: str, **tweak: Any) -> Json:
    """A minimal pod whose only container stands in this list and has these fields too."""
    return base(**{"containers": [], key: [{"name": "main", **tweak}]})


def pod_of(document: Json, patch: Patch | None = None, **origin: Any) -> Pod:
    """The pod as rules see it."""
    patch = patch or Patch()
    metadata = Fields(document, patch).child("metadata")
    annotations = (metadata.child("annotations"),)
    head = PodHead(
        metadata,
        Fields(document.get("spec"), patch, root="/spec"),
        Origin(
            **{"namespace": "tools", "name": "github-tools", "annotations": annotations, **origin}
        ),
    )
    return Pod(head)


def settings_of(**keys: Any) -> Settings:
    """Settings with these keys, spelled as in the file."""
    return Settings.model_validate(keys)


def edition(level: str = "restricted", version: str = "latest", **keys: Any) -> Settings:
    """Settings under which a level and version of the Pod Security Standards are enforced."""
    enforced = {"enforce": level, "enforceVersion": version}
    return settings_of(mcpNamespace={"podSecurity": enforced}, **keys)


def filled(
    rule: PodRule | ContainerRule, document: Json, settings: Settings | None = None, **origin: Any
) -> list[Operation]:
    """The operations by which the rule fills in the pod."""
    patch = Patch()
    pod = pod_of(document, patch, **origin)
    for subject in subjects(rule, pod):
        rule.fill(subject, settings or Settings())
    return patch.finish()


def given_by(rule: PodRule, document: Json, settings: Settings, **origin: Any) -> Json:
    """What the rule says that the pods of a template lack."""
    assert rule.given is not None

    return rule.given(pod_of(document, **{"kind": "Deployment", **origin}), settings)


def refused(
    rule: PodRule | ContainerRule, document: Json, settings: Settings | None = None, **origin: Any
) -> list[str]:
    """The messages with which the rule refuses the pod as it is."""
    pod = pod_of(document, **origin)
    return [
        violation.message
        for subject in subjects(rule, pod)
        for violation in rule.check(subject, settings or Settings())
    ]


def subjects(rule: PodRule | ContainerRule, pod: Pod) -> list[Any]:
    """The pod, or each of its containers; nothing of Windows where the rule is for Linux alone."""
    if rule.linux_only and pod.platform.windows:
        return []
    return [pod] if isinstance(rule, PodRule) else list(pod.containers)
