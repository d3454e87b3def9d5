"""What the controller makes, as data: nothing here calls a cluster.

The controller writes these objects, `review --show-objects` prints them, `audit` compares them.
"""

from webhook.objects.deployed_server import LONGEST_NOTE, Refused, Server, server_of
from webhook.objects.made import (
    KUBE_SYSTEM,
    POD_SECURITY_PREFIX,
    left_alone,
    namespace_objects,
    objects_once_enforced,
    server_objects,
)
from webhook.objects.network_policies import BASELINE, NAMESPACE_NAME, build_open_baseline
from webhook.objects.policy_report import (
    REPORT_APIS,
    ReportApi,
    ReportedServer,
    build_report,
    report_digest,
    report_results,
)
from webhook.objects.service import leads_to

__all__ = [
    "BASELINE",
    "KUBE_SYSTEM",
    "LONGEST_NOTE",
    "NAMESPACE_NAME",
    "POD_SECURITY_PREFIX",
    "REPORT_APIS",
    "Refused",
    "ReportApi",
    "ReportedServer",
    "Server",
    "build_open_baseline",
    "build_report",
    "leads_to",
    "left_alone",
    "namespace_objects",
    "objects_once_enforced",
    "report_digest",
    "report_results",
    "server_objects",
    "server_of",
]
