"""Whether anything is enforced, and why not: a pure function of what was seen.

It is asked for each scope, because each has entries of its own in the webhook configurations. The
cause comes before the effect: where an entry was changed, that is the reason, whatever the probe
met. What was not seen is Unknown, and never True.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from webhook.admission import Scope
from webhook.controller.installation import REGISTRATIONS_CONFIG_MAP, SERVE_DEPLOYMENT
from webhook.controller.probe.probe_pods import ENFORCE, ProbeAnswers, Shows
from webhook.controller.probe.registrations import Registrations

TRUE, FALSE, UNKNOWN = "True", "False", "Unknown"
ENFORCING, BELOW_ENFORCE, NOT_PROBED = "Enforcing", "BelowEnforce", "NotProbed"
MISSING, ALTERED = "RegistrationMissing", "RegistrationAltered"
NO_REPLICA, OTHER_SETTINGS = "NoReplica", "OtherSettings"
WRONG_CA, UNREACHABLE, LET_PASS = "WrongCA", "Unreachable", "LetPass"
REASONS = (
    MISSING,
    ALTERED,
    NO_REPLICA,
    WRONG_CA,
    UNREACHABLE,
    LET_PASS,
    OTHER_SETTINGS,
    BELOW_ENFORCE,
    NOT_PROBED,
    ENFORCING,
)
"""Of several, the first is the one to mend first."""

WARN = "warn"
MOST_NAMES = 5
APPLY_AGAIN = "run `helm upgrade` with your values, or apply your manifests again"
_CA_SIGNS = ("x509:", "tls: failed to verify")
_NO_ENDPOINTS = "no endpoints available"


class SeenReplicas(NamedTuple):
    """How many replicas are ready, and which report settings that are not those in force.

    `ready` is None while it is not known.
    """

    ready: int | None = None
    others: tuple[str, ...] = ()


class ScopeProbe(NamedTuple):
    """What was asked in the namespaces of a scope.

    Without answers, `unasked` says why; without either, there is no such namespace.
    """

    scope: Scope
    answers: tuple[ProbeAnswers, ...] = ()
    unasked: str = ""


class ProbeVerdict(NamedTuple):
    """What a condition says; `said` is the message with details that change with each try."""

    status: str
    reason: str
    message: str
    said: str = ""

    @property
    def same_as(self) -> tuple[str, str, str]:
        """What is news when it changes."""
        return self[:3]

    @property
    def text(self) -> str:
        """The message with its details."""
        return self.said or self.message


def _verdict(status: str, reason: str, message: str, quoted: str = "") -> ProbeVerdict:
    """The verdict that quotes an API server."""
    return ProbeVerdict(status, reason, message, f"{message}: {quoted}" if quoted else "")


def judge(
    probes: Iterable[ScopeProbe], registrations: Registrations, replicas: SeenReplicas
) -> dict[Scope, ProbeVerdict | None]:
    """The verdict on each scope; None where nothing belongs to it."""
    return {each.scope: _of_scope(each, registrations, replicas) for each in probes}


def _of_scope(
    probe: ScopeProbe, registrations: Registrations, replicas: SeenReplicas
) -> ProbeVerdict | None:
    """The first of the causes that is there, in the order in which they have to be mended."""
    if not registrations.has(probe.scope):
        return None
    return (
        _registered(probe.scope, registrations)
        or _called(probe.answers, replicas)
        or _by_settings(replicas)
        or _shown(probe, registrations)
    )


def _registered(scope: Scope, registrations: Registrations) -> ProbeVerdict | None:
    found = registrations.differences(scope)
    if not found:
        return None
    reason = MISSING if any(each.missing for each in found) else ALTERED
    sentences = "; ".join(each.sentence for each in found)
    return ProbeVerdict(FALSE, reason, f"{sentences}: {APPLY_AGAIN}")


def _called(answers: Iterable[ProbeAnswers], replicas: SeenReplicas) -> ProbeVerdict | None:
    """Why the webhook was not called, where it was not."""
    pods = [pod for each in answers for pod in each.both]
    failed = next((pod for pod in pods if pod.shown is Shows.FAILED), None)
    called = any(pod.shown in {Shows.FILLED, Shows.REFUSED} or pod.warned for pod in pods)
    said = "" if failed is None else failed.said
    if (replicas.ready == 0 and not called) or _NO_ENDPOINTS in said:
        return _verdict(
            FALSE,
            NO_REPLICA,
            f"no replica of the webhook is ready: look at the pods of {SERVE_DEPLOYMENT}",
            said,
        )
    if failed is None:
        return None
    if any(sign in said for sign in _CA_SIGNS):
        return _verdict(
            FALSE,
            WRONG_CA,
            "the API server does not trust the certificate of the webhook: `mcp-admission certs "
            "status` says which authority is stored, and who writes caBundle",
            said,
        )
    return _verdict(
        FALSE,
        UNREACHABLE,
        "the API server cannot reach the webhook: let it reach the Service and its pods through "
        "network policies, firewalls and proxies",
        said,
    )


def _by_settings(replicas: SeenReplicas) -> ProbeVerdict | None:
    if not replicas.others:
        return None
    named = ", ".join(replicas.others[:MOST_NAMES])
    more = len(replicas.others) - MOST_NAMES
    return ProbeVerdict(
        FALSE,
        OTHER_SETTINGS,
        f"{named}{f' and {more} more' if more > 0 else ''} of the webhook's replicas do not work "
        "by the settings in force: their logs say why, and a restart reads the settings again",
    )


def _shown(probe: ScopeProbe, registrations: Registrations) -> ProbeVerdict | None:
    """What the probe itself has shown."""
    if probe.unasked:
        return _verdict(UNKNOWN, NOT_PROBED, "nothing could be asked", probe.unasked)
    if not probe.answers:
        return None
    for each in probe.answers:
        found = _in_namespace(each, registrations)
        if found is not None:
            return found
    last = probe.answers[-1]
    pod = last.first(Shows.OTHERS) or last.first(Shows.SILENT)
    said = f"in namespace {last.namespace}, {pod.said if pod else 'nothing came back'}"
    return _verdict(UNKNOWN, NOT_PROBED, "no pod that was asked for could show anything", said)


def _in_namespace(answers: ProbeAnswers, registrations: Registrations) -> ProbeVerdict | None:
    filled, refused = answers.filled.shown, answers.refused.shown
    where, comparison = f" in namespace {answers.namespace}", _comparison(registrations)
    if answers.mode != ENFORCE:
        return _below(answers, registrations)
    if Shows.PLAIN in {filled, refused} or (answers.refuses and refused is Shows.FILLED):
        which = "filled in" if filled is Shows.PLAIN else "refused"
        passed = (
            f"a pod{{}} passed that should have been {which}: failurePolicy, selectors or the "
            f"settings of a replica let it pass; {APPLY_AGAIN}{comparison}"
        )
        return ProbeVerdict(FALSE, LET_PASS, passed.format(""), passed.format(where))
    # Quotas come after every webhook: what they refuse was reviewed.
    shown = filled is Shows.FILLED or (filled is Shows.OTHERS and registrations.compared)
    if shown and not answers.refuses and refused is Shows.FILLED:
        asked = f"pods were filled in{{}}, and the settings refuse none of them{comparison}"
        return ProbeVerdict(TRUE, ENFORCING, asked.format(""), asked.format(where))
    if shown and refused is Shows.REFUSED:
        asked = f"a pod was filled in and another one refused{{}}{comparison}"
        return ProbeVerdict(TRUE, ENFORCING, asked.format(""), asked.format(where))
    return None


def _below(answers: ProbeAnswers, registrations: Registrations) -> ProbeVerdict:
    """Below enforce, nothing comes back that shows a review, but for the warnings of `warn`."""
    silent = answers.mode == WARN and Shows.PLAIN in {each.shown for each in answers.both}
    if silent and not any(each.warned for each in answers.both):
        return ProbeVerdict(
            FALSE,
            LET_PASS,
            f"a pod passed without the warning of the mode {WARN}: failurePolicy or selectors let "
            f"it pass; {APPLY_AGAIN}",
        )
    return ProbeVerdict(
        FALSE,
        BELOW_ENFORCE,
        f"the mode is {answers.mode}: nothing is filled in or refused until the settings say "
        f"mode: {ENFORCE}{_comparison(registrations)}",
    )


def _comparison(registrations: Registrations) -> str:
    if registrations.compared:
        return "; the webhook configurations are as they were installed"
    missing = registrations.installed is None
    why = f"there is no ConfigMap {REGISTRATIONS_CONFIG_MAP}" if missing else "they cannot be read"
    return f"; the webhook configurations were not compared: {why}"


def together(verdicts: Mapping[Scope, ProbeVerdict | None]) -> ProbeVerdict:
    """One verdict on all scopes: the one to mend first, and what is said of the others."""
    known = {scope: each for scope, each in verdicts.items() if each is not None}
    if not known:
        return ProbeVerdict(
            UNKNOWN, NOT_PROBED, "there is no namespace in which a pod could be asked for"
        )
    first = min(known.values(), key=lambda each: REASONS.index(each.reason))
    without = [scope.value for scope in verdicts if scope not in known]
    alone = [f"{' and '.join(without)}: nothing to ask about"] if without else []
    message = _lines({scope: each.message for scope, each in known.items()}, alone)
    said = _lines({scope: each.text for scope, each in known.items()}, alone)
    return first._replace(message=message, said=said)


def _lines(told: Mapping[Scope, str], others: list[str]) -> str:
    """A line for each thing that is told, behind the scopes of which it is; then the others."""
    scopes: dict[str, list[str]] = {}
    for scope, text in told.items():
        scopes.setdefault(text, []).append(scope.value)
    return "\n".join(
        [*(f"{' and '.join(names)}: {text}" for text, names in scopes.items()), *others]
    )
