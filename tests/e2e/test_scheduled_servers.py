"""A CronJob is one server: what it was granted by name, its pods have in every run."""

from tests.builders import NAME, of_kind
from tests.e2e.namespace import Namespace, Object
from tests.e2e.product import Product

ASKING = {"mcp-admission.dev/service-account-token": "true"}
RUNS = {"nightly": ["nightly-29310915", "by-hand"], "weekly": ["weekly-1", "weekly-2"]}


def asking(name: str) -> Object:
    found = of_kind("CronJob", name)
    found["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["annotations"] = ASKING
    return found


def has_token(pod: Object) -> bool:
    sources = [each.get("projected", {}) for each in pod["spec"].get("volumes", [])]
    return any("serviceAccountToken" in str(source) for source in sources)


def test_each_run_of_a_cron_job_has_the_token_that_its_name_was_granted(
    product: Product, namespace: Namespace
) -> None:
    granted = {"optedIn": "forbid", "names": [f"{namespace.name}/nightly"]}
    said = {}
    with product.settings({"serviceAccountTokens": granted}):
        for name, runs in RUNS.items():
            said[name] = namespace.apply(asking(name)).stderr
            for run in runs:
                job = ("create", "job", run, f"--from=cronjob/{name}")
                namespace.kubectl(*job, as_user=namespace.tenant)
        namespace.wait_for_pods(4)

    tokens = [(pod["metadata"]["labels"][NAME], has_token(pod)) for pod in namespace.pods()]
    assert sorted(tokens) == [("nightly", True)] * 2 + [("weekly", False)] * 2
    assert said["nightly"] == ""
    assert "is not allowed here" in said["weekly"]
