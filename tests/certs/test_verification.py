"""What is wrong with a certificate that somebody brings, each fault in one sentence."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat

from certs.authority import issue_leaf, make_authority, service_names
from certs.bundle import BundleError
from certs.verification import Text, Verdict, verify
from tests.certs.material import (
    CLIENT,
    DAY,
    NAME,
    NOW,
    SERVER,
    SERVICE,
    Brought,
    bring,
    root,
    small_rsa,
)
from tests.certs.openssl import openssl

ROOT = root()
MIDDLE = root("middle", issuer=ROOT)
LEAF = bring(issuer=ROOT)
BELOW = bring(issuer=MIDDLE)
OTHER = root("other")
EXPIRED_ROOT = root("root", key=ROOT.key, days=(-20, -1))
RENEWED_LEAF = bring(key=LEAF.key, issuer=ROOT)
CROSS = root("root", key=ROOT.key, issuer=OTHER)


def _verdict(chain: bytes, key: bytes, authorities: bytes, service: str = SERVICE) -> Verdict:
    return verify(
        Text("tls.crt", chain), Text("tls.key", key), Text("ca.crt", authorities), service, NOW
    )


def _of(leaf: Brought, issuer: Brought = ROOT, *others: Brought) -> Verdict:
    chain = b"".join(one.pem for one in (leaf, *others))
    return _verdict(chain, leaf.key_pem(), issuer.pem)


SELF_SIGNED = bring()
GOOD = {
    "one below the root": (LEAF.pem, LEAF, ROOT.pem),
    "an authority between": (BELOW.pem + MIDDLE.pem, BELOW, ROOT.pem),
    "the root sent along": (BELOW.pem + MIDDLE.pem + ROOT.pem, BELOW, ROOT.pem),
    "the authority between is trusted": (BELOW.pem, BELOW, MIDDLE.pem),
    "in another order": (BELOW.pem + ROOT.pem + MIDDLE.pem, BELOW, ROOT.pem),
    "something else sent along": (LEAF.pem + OTHER.pem, LEAF, ROOT.pem),
    "self-signed and trusted itself": (SELF_SIGNED.pem, SELF_SIGNED, SELF_SIGNED.pem),
    "several authorities": (LEAF.pem, LEAF, OTHER.pem + ROOT.pem),
    "an ended authority with the same key": (LEAF.pem, LEAF, EXPIRED_ROOT.pem + ROOT.pem),
    "signed by two": (LEAF.pem + CROSS.pem, LEAF, OTHER.pem),
    "CRLF": (LEAF.pem.replace(b"\n", b"\r\n"), LEAF, ROOT.pem.replace(b"\n", b"\r\n")),
}


@pytest.mark.parametrize(("chain", "leaf", "authorities"), GOOD.values(), ids=GOOD)
def test_a_fresh_certificate_has_no_fault(chain: bytes, leaf: Brought, authorities: bytes) -> None:
    key = leaf.key_pem()

    assert _verdict(chain, key, authorities).faults == ()
    assert _verdict(chain, key.replace(b"\n", b"\r\n"), authorities).faults == ()


@pytest.mark.parametrize(
    "leaf",
    [
        bring(issuer=ROOT, key=rsa.generate_private_key(65537, 2048)),
        bring(issuer=ROOT, key=ec.generate_private_key(ec.SECP384R1())),
        bring(issuer=ROOT, key=ed25519.Ed25519PrivateKey.generate()),
        bring(issuer=ROOT, names=["other.svc", NAME.upper()]),
        bring(issuer=ROOT, names=["*.mcp.svc"]),
        bring(issuer=ROOT, purpose=SERVER),
    ],
    ids=["RSA", "P-384", "Ed25519", "several names", "wildcard", "server"],
)
def test_these_leaves_are_good(leaf: Brought) -> None:
    assert _of(leaf).faults == ()


def test_what_we_issue_is_good_until_it_ends() -> None:
    authority = make_authority(NOW, 30 * DAY)
    leaf = issue_leaf(authority, service_names("webhook", "mcp"), NOW, 20 * DAY)

    verdict = _verdict(leaf.certificate_pem, leaf.key_pem, authority.certificate_pem)

    assert verdict == Verdict((), NOW + 20 * DAY)


LABEL = "tls.crt: certificate 1 (CN=webhook) "
ISSUER = "ca.crt: certificate 1 (CN=root) "
RENAMED = f"have it issued with the DNS name {NAME}"
FOR_SERVERS = "is not for servers: have it issued with the extended key usage serverAuth"
NO_PAIR = (
    "the key in tls.key is not that of the first certificate in tls.crt: "
    "write both files of one pair"
)
TURNED = (
    "the key in tls.key is that of certificate 2 in tls.crt: "
    "write the server's certificate first, then its issuers"
)
NO_CA = "is no authority (basicConstraints), but issued a certificate of the chain"


def _leads_nowhere(issuer: str) -> str:
    return (
        f"{LABEL}is issued by 'CN={issuer}', from which no certificate in tls.crt leads to one in "
        "ca.crt: write the issuers after it, and the authority into the bundle"
    )


DEEP = root("deep", issuer=root("shallow", issuer=ROOT, path_length=0))
SHALLOW_ROOT = root("root", path_length=0)
UNDER_SHALLOW = root("middle", issuer=SHALLOW_ROOT)
NO_AUTHORITY = root("root", authority=False)
OLD_KIND = root("root", authority=None)
MAY_NOT_SIGN = root("root", signs=False)
MAY_SIGN = root("root", signs=True)
CLIENTS_ONLY = root("root", purpose=CLIENT)

FAULTS: dict[str, tuple[Verdict, list[str]]] = {
    "ended": (
        _of(bring(issuer=ROOT, days=(-9, -1))),
        [f"{LABEL}ended on 2026-02-28 12:00 UTC: renew it"],
    ),
    "not yet": (
        _of(bring(issuer=ROOT, days=(1, 9))),
        [f"{LABEL}is not valid before 2026-03-02 12:00 UTC: wait, or set the clock"],
    ),
    "ended authority": (
        _of(LEAF, EXPIRED_ROOT),
        ["ca.crt: certificate 1 (CN=root) ended on 2026-02-28 12:00 UTC: renew it"],
    ),
    "RSA 1024": (
        _of(bring(issuer=ROOT, key=small_rsa())),
        [f"{LABEL}has an RSA key of 1024 bits: use ECDSA P-256, or RSA with 2048 bits"],
    ),
    "curve": (
        _of(bring(issuer=ROOT, key=ec.generate_private_key(ec.SECP256K1()))),
        [f"{LABEL}has a key on the curve secp256k1: use ECDSA P-256"],
    ),
    "DSA": (
        _of(bring(issuer=ROOT, key=dsa.generate_private_key(2048))),
        [f"{LABEL}has a key of a type that TLS does not use: use ECDSA P-256"],
    ),
    "other name": (
        _of(bring(issuer=ROOT, names=["a.b.svc", "c.d.svc"])),
        [f"{LABEL}is for a.b.svc, c.d.svc: {RENAMED}"],
    ),
    "wildcard too high": (
        _of(bring(issuer=ROOT, names=["*.svc"])),
        [f"{LABEL}is for *.svc: {RENAMED}"],
    ),
    "no DNS name": (
        _of(bring(issuer=ROOT, names=[])),
        [f"{LABEL}is for no DNS name: {RENAMED}"],
    ),
    "common name only": (
        _of(bring(NAME, issuer=ROOT, names=None)),
        [f"tls.crt: certificate 1 (CN={NAME}) has no subjectAltName: {RENAMED}"],
    ),
    "for clients": (
        _of(bring(issuer=ROOT, purpose=CLIENT)),
        [LABEL + FOR_SERVERS],
    ),
    "authority for clients": (
        _of(bring(issuer=CLIENTS_ONLY), CLIENTS_ONLY),
        [ISSUER + FOR_SERVERS],
    ),
    "another authority": (
        _of(LEAF, OTHER),
        [_leads_nowhere("root")],
    ),
    "the same name with another key": (
        _of(LEAF, root("root")),
        [_leads_nowhere("root")],
    ),
    "issuers left out": (
        _of(BELOW),
        [_leads_nowhere("middle")],
    ),
    "no authority": (
        _of(bring(issuer=NO_AUTHORITY), NO_AUTHORITY),
        [ISSUER + NO_CA],
    ),
    "no authority of old": (
        _of(bring(issuer=OLD_KIND), OLD_KIND),
        [ISSUER + NO_CA],
    ),
    "may not sign": (
        _of(bring(issuer=MAY_NOT_SIGN), MAY_NOT_SIGN),
        [f"{ISSUER}may not sign certificates (keyUsage), but issued one of the chain"],
    ),
    "may sign": (_of(bring(issuer=MAY_SIGN), MAY_SIGN), []),
    "too deep": (
        _of(bring(issuer=UNDER_SHALLOW), SHALLOW_ROOT, UNDER_SHALLOW),
        ["ca.crt: certificate 1 (CN=root) allows 0 authorities below it, there are 1"],
    ),
    "wrong key": (
        _verdict(LEAF.pem, BELOW.key_pem(), ROOT.pem),
        [NO_PAIR],
    ),
    "wrong order": (
        _verdict(MIDDLE.pem + BELOW.pem, BELOW.key_pem(), ROOT.pem),
        [
            TURNED,
            f"tls.crt: certificate 1 (CN=middle) has no subjectAltName: {RENAMED}",
        ],
    ),
    "everything at once": (
        _verdict(bring(key=small_rsa(), names=["x"], days=(-9, -1)).pem, LEAF.key_pem(), ROOT.pem),
        [
            NO_PAIR,
            _leads_nowhere("webhook"),
            f"{LABEL}ended on 2026-02-28 12:00 UTC: renew it",
            f"{LABEL}has an RSA key of 1024 bits: use ECDSA P-256, or RSA with 2048 bits",
            f"{LABEL}is for x: {RENAMED}",
        ],
    ),
}


@pytest.mark.parametrize(("verdict", "faults"), FAULTS.values(), ids=FAULTS)
def test_each_fault_has_its_sentence(verdict: Verdict, faults: list[str]) -> None:
    assert list(verdict.faults) == faults


# Only openssl still signs like that: openssl x509 -req -sha1 -days 36500
SHA_1 = b"""\
-----BEGIN CERTIFICATE-----
MIIBGDCBwAIUbSWbgdyilHmqej7fondV5EgbGPAwCQYHKoZIzj0EATAPMQ0wCwYD
VQQDDARyb290MCAXDTI2MTEyMjIxMTI0MloYDzIxMjYxMDI5MjExMjQyWjAPMQ0w
CwYDVQQDDARsZWFmMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAErMrYFm9MWjL4
WgHGIxhAMLPGlRi86t7bhZG8r22EGmMmOv+ndUzvBLHgfHTGdfTegbydr8eQhXqF
ljHZ0B3OeDAJBgcqhkjOPQQBA0gAMEUCIFQlDxZrijNehjMDGMh49rMoLCYFxS+d
2aJ1AASquF40AiEAjUQIbq8MR70hWXu2XupZubvSyE7/26W+BF9GXGDHp1M=
-----END CERTIFICATE-----
"""


def test_sha_1_is_no_signature() -> None:
    faults = _verdict(SHA_1 + MIDDLE.pem, LEAF.key_pem(), ROOT.pem).faults

    assert "tls.crt: certificate 1 (CN=leaf) is signed with MD5 or SHA-1: use SHA-256" in faults
    assert not any("certificate 2" in fault for fault in faults)


EC_OPENSSL = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"


@pytest.mark.parametrize(
    "key",
    [
        LEAF.key_pem(PrivateFormat.TraditionalOpenSSL),
        EC_OPENSSL + LEAF.key_pem(PrivateFormat.TraditionalOpenSSL),
        LEAF.pem + LEAF.key_pem(),
    ],
    ids=["SEC1", "after its parameters", "after its certificate"],
)
def test_a_key_may_be_written_in_these_ways(key: bytes) -> None:
    assert _verdict(LEAF.pem, key, ROOT.pem).faults == ()


BAD_KEY = b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
LEGACY = (
    b"-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"
    b"c2VjcmV0\n-----END EC PRIVATE KEY-----\n"
)


@pytest.mark.parametrize(
    ("chain", "key", "authorities", "reason"),
    [
        (b"", LEAF.key_pem(), ROOT.pem, "tls.crt holds no certificate in PEM"),
        (LEAF.pem, b"", ROOT.pem, "tls.key holds no private key in PEM: write one"),
        (LEAF.pem, LEAF.pem, ROOT.pem, "tls.key holds no private key in PEM"),
        (LEAF.pem, LEAF.key_pem(), b"x", "ca.crt holds no certificate in PEM"),
        (LEAF.pem, LEAF.encrypted, ROOT.pem, "tls.key is encrypted: write the key without a"),
        (LEAF.pem, LEGACY, ROOT.pem, "tls.key is encrypted: write the key without a"),
        (LEAF.pem, BAD_KEY, ROOT.pem, "tls.key holds no readable private key: write it again"),
        (LEAF.pem, LEAF.key_pem() * 2, ROOT.pem, "tls.key holds 2 private keys: leave that of"),
        (LEAF.pem + LEAF.key_pem(), LEAF.key_pem(), ROOT.pem, "tls.crt: block 2 is a PRIVATE KEY"),
        (LEAF.pem, LEAF.key_pem()[:-40], ROOT.pem, "tls.key: block 1 has no end: write the file"),
    ],
)
def test_what_cannot_be_read_is_an_error(
    chain: bytes, key: bytes, authorities: bytes, reason: str
) -> None:
    with pytest.raises(BundleError) as raised:
        _verdict(chain, key, authorities)

    told = str(raised.value)
    assert told.startswith(reason)
    assert raised.value.__cause__ is None
    assert not any(line in told for line in key.decode().split() if len(line) > 40)


def test_a_text_that_may_be_a_key_is_in_no_repr() -> None:
    assert repr(Text("tls.key", b"secret")) == "Text(source='tls.key')"


def test_a_tangle_of_authorities_is_looked_at_for_a_moment_only() -> None:
    """Twenty authorities that all have one key and one name issued each other."""
    tangle = [root("root", key=ROOT.key, issuer=ROOT) for _ in range(20)]
    leaf = bring(issuer=ROOT)

    assert _of(leaf, ROOT, *tangle).faults == ()


CASES: Sequence[tuple[str, Brought, bytes, bytes]] = [
    ("leaf", LEAF, b"", ROOT.pem),
    ("between", BELOW, MIDDLE.pem, ROOT.pem),
    ("missing", BELOW, b"", ROOT.pem),
    ("other", LEAF, b"", OTHER.pem),
    ("ended", bring(issuer=ROOT, days=(-9, -1)), b"", ROOT.pem),
    ("name", bring(issuer=ROOT, names=["x"]), b"", ROOT.pem),
    ("client", bring(issuer=ROOT, purpose=CLIENT), b"", ROOT.pem),
    ("no authority", bring(issuer=NO_AUTHORITY), b"", NO_AUTHORITY.pem),
    ("deep", bring(issuer=UNDER_SHALLOW), UNDER_SHALLOW.pem, SHALLOW_ROOT.pem),
    ("two", LEAF, CROSS.pem, OTHER.pem),
    ("small", bring(issuer=ROOT, key=small_rsa()), b"", ROOT.pem),
    ("tangle", DEEP, b"", ROOT.pem),
]


@pytest.mark.parametrize(
    ("leaf", "others", "authorities"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_openssl_finds_the_same_as_the_verification(
    leaf: Brought, others: bytes, authorities: bytes, tmp_path: Path
) -> None:
    (tmp_path / "ca.crt").write_bytes(authorities)
    (tmp_path / "tls.crt").write_bytes(leaf.pem)
    (tmp_path / "others.crt").write_bytes(others or leaf.pem)
    answer = openssl(
        *("verify", "-attime", f"{NOW.timestamp():.0f}", "-partial_chain", "-purpose", "sslserver"),
        *("-auth_level", "2", "-verify_hostname", NAME, "-CAfile", str(tmp_path / "ca.crt")),
        *("-untrusted", str(tmp_path / "others.crt"), str(tmp_path / "tls.crt")),
    )

    faults = _verdict(leaf.pem + others, leaf.key_pem(), authorities).faults

    assert answer.endswith(": OK\n") == (not faults), answer + str(faults)
