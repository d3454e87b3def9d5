"""A pair that API servers would not accept replaces none that they do."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec

from tests.certs.material import CLIENT, NAME, NOW, SERVICE, Brought, bring, root, small_rsa
from tests.server.certificates import Volume
from webhook.observe.metrics import Metrics
from webhook.server.certificate import CertificateStore
from webhook.server.file_watch import FileError, FileWatcher

DAY = 86_400.0
ROOT = root()
MIDDLE = root("middle", issuer=ROOT)
GOOD = bring(issuer=ROOT)


class Clock:
    """A clock that stands until it is moved by days."""

    def __init__(self) -> None:
        self.days = 0.0

    def __call__(self) -> float:
        return NOW.timestamp() + self.days * DAY


class Serving:
    """A store that follows a volume, and what it shows."""

    def __init__(self, volume: Volume, bundle: Path | None, service: str | None) -> None:
        self.volume = volume
        self.clock = Clock()
        self.store = CertificateStore(
            volume.path("tls.crt"),
            volume.path("tls.key"),
            ca_bundle=bundle,
            service=service,
            clock=self.clock,
        )
        self.watch = FileWatcher(self.store.file_sets, Metrics())

    def write(self, leaf: Brought, *others: Brought) -> None:
        chain = b"".join(one.pem for one in (leaf, *others))
        self.volume.write(tls_crt=chain, tls_key=leaf.key_pem())

    def start(self, leaf: Brought, *others: Brought) -> None:
        self.write(leaf, *others)
        self.watch.load()

    @property
    def days_left(self) -> float:
        """How many days after NOW the certificate that is shown ends."""
        return (self.store.ends - NOW.timestamp()) / DAY


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A file with the root."""
    path = tmp_path / "ca.crt"
    path.write_bytes(ROOT.pem)
    return path


@pytest.fixture
def strict(volume: Volume, bundle: Path) -> Serving:
    """Knows the bundle and the Service."""
    return Serving(volume, bundle, SERVICE)


@pytest.fixture
def lenient(volume: Volume) -> Serving:
    """Knows nothing but the files."""
    return Serving(volume, None, None)


BELOW = bring(issuer=MIDDLE, days=(-1, 80))
TAKEN: dict[str, list[Brought]] = {
    "another": [bring(issuer=ROOT, days=(-1, 80))],
    "with its issuer": [BELOW, MIDDLE],
    "with the root": [BELOW, MIDDLE, ROOT],
    "with a wildcard": [bring(issuer=ROOT, names=["*.mcp.svc"], days=(-1, 80))],
    "shorter than the one before": [bring(issuer=ROOT, days=(-1, 80))],
}


@pytest.mark.parametrize("chain", TAKEN.values(), ids=TAKEN)
def test_a_good_pair_is_taken(chain: list[Brought], strict: Serving, lenient: Serving) -> None:
    for serving in (strict, lenient):
        serving.start(GOOD)
        assert serving.days_left == 90
        serving.write(*chain)
        serving.watch.poll()
        assert serving.days_left == 80
        assert serving.store.problem is None


STRICTLY_REFUSED: dict[str, tuple[list[Brought], str]] = {
    "a curve that TLS does not use": (
        [bring(issuer=ROOT, key=ec.generate_private_key(ec.SECP256K1()))],
        "tls.crt and its key (NO_",
    ),
    "another name": (
        [bring(issuer=ROOT, names=["a.b.svc"])],
        f"is not for the Service: have it issued with the DNS name {NAME}",
    ),
    "a common name alone": (
        [bring(NAME, issuer=ROOT, names=None)],
        f"is not for the Service: have it issued with the DNS name {NAME}",
    ),
    "another authority": (
        [bring(issuer=root("other"))],
        "tls.crt (unable to get local issuer certificate): write a pair of that authority",
    ),
    "self-signed": ([bring()], "ca.crt vouches for"),
    "an issuer left out": ([BELOW], "(unable to get local issuer certificate)"),
    "for clients": ([bring(issuer=ROOT, purpose=CLIENT)], "purpose): write a pair of that"),
}


@pytest.mark.parametrize(("chain", "reason"), STRICTLY_REFUSED.values(), ids=STRICTLY_REFUSED)
def test_what_api_servers_would_not_accept_is_refused(
    chain: list[Brought], reason: str, strict: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    strict.start(GOOD)
    strict.write(*chain)
    strict.watch.poll()

    assert strict.days_left == 90
    assert reason in vars(caplog.records[-1])["fields"]["reason"]


REFUSED: dict[str, tuple[list[Brought], str]] = {
    "a curve that TLS does not use": (
        [bring(issuer=ROOT, key=ec.generate_private_key(ec.SECP256K1()))],
        "tls.crt and its key (NO_",
    ),
    "issuers of somebody else": (
        [bring(issuer=ROOT), root("other")],
        "do not lead from the first to the last (unable to get local issuer certificate): write",
    ),
    "ended": (
        [bring(issuer=ROOT, days=(-9, -1))],
        "tls.crt ended on 2026-02-28 12:00 UTC: write one that is valid",
    ),
    "RSA 1024": (
        [bring(issuer=ROOT, key=small_rsa())],
        "tls.crt is too weak for TLS (EE_KEY_TOO_SMALL): use ECDSA P-256, or RSA with 2048 bits",
    ),
}


@pytest.mark.parametrize(("chain", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_pair_that_no_client_accepts_is_refused(
    chain: list[Brought], reason: str, lenient: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    lenient.start(GOOD)
    lenient.write(*chain)
    lenient.watch.poll()

    assert lenient.days_left == 90
    assert reason in vars(caplog.records[-1])["fields"]["reason"]


@pytest.mark.parametrize(
    ("chain", "reason"),
    [*STRICTLY_REFUSED.values(), REFUSED["RSA 1024"]],
    ids=[*STRICTLY_REFUSED, "RSA 1024"],
)
def test_at_the_start_it_is_an_error(chain: list[Brought], reason: str, strict: Serving) -> None:
    with pytest.raises(FileError) as raised:
        strict.start(*chain)

    assert reason in str(raised.value)
    assert strict.store.problem == "there is no certificate yet"
    assert strict.store.ends == 0


def test_a_bundle_that_changes_proves_the_next_pair(strict: Serving, bundle: Path) -> None:
    """The Secret of the pair holds it too, so both change at once."""
    strict.start(GOOD)
    other = root("other")
    bundle.write_bytes(other.pem + ROOT.pem)
    strict.write(bring(issuer=other, days=(-1, 70)))
    strict.watch.poll()
    assert strict.days_left == 70

    bundle.write_text("none")
    strict.write(bring(issuer=other, days=(-1, 60)))
    strict.watch.poll()
    assert strict.days_left == 70


def test_a_pair_whose_time_has_yet_to_come_waits_beside_the_other(lenient: Serving) -> None:
    lenient.start(GOOD)
    lenient.write(bring(issuer=ROOT, days=(10, 200)))
    lenient.watch.poll()
    assert lenient.days_left == 90
    assert lenient.store.problem is None

    lenient.clock.days = 10
    assert lenient.days_left == 200
    assert lenient.store.problem is None


def test_a_pair_that_is_not_valid_yet_is_presented_and_logged_without_another(
    lenient: Serving,
) -> None:
    """The clock of the API server counts, and ours may be the one that is wrong."""
    lenient.start(bring(issuer=ROOT, days=(10, 200)))

    assert lenient.days_left == 200
    told = "the certificate is not valid before 2026-03-11 12:00 UTC"
    assert lenient.store.problem == told


def test_a_certificate_that_ends_is_a_problem_until_the_next(lenient: Serving) -> None:
    lenient.start(GOOD)
    lenient.clock.days = 89.9
    assert lenient.store.problem is None
    lenient.clock.days = 90
    assert lenient.store.problem == "the certificate ended on 2026-05-30 12:00 UTC"

    lenient.write(bring(issuer=ROOT, days=(89, 180)))
    lenient.watch.poll()
    assert lenient.store.problem is None
    assert lenient.days_left == 180


def test_a_start_with_one_that_has_ended_waits_for_the_next(
    volume: Volume, authority: trustme.CA, tmp_path: Path
) -> None:
    """A crash loop would wait longer than the next pair needs; --client-ca changes nothing."""
    file = tmp_path / "clients.crt"
    authority.cert_pem.write_to_path(str(file))
    clock = Clock()
    paths = (volume.path("tls.crt"), volume.path("tls.key"), file)
    store = CertificateStore(*paths, clock=clock)
    ended = bring(issuer=ROOT, days=(-9, -1))
    volume.write(tls_crt=ended.pem, tls_key=ended.key_pem())
    watch = FileWatcher(store.file_sets, Metrics())
    watch.load()
    assert store.problem == "the certificate ended on 2026-02-28 12:00 UTC"

    volume.write(tls_crt=GOOD.pem, tls_key=GOOD.key_pem())
    watch.poll()
    assert store.problem is None
    assert datetime.fromtimestamp(store.ends, UTC) == GOOD.certificate.not_valid_after_utc
