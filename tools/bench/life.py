"""What a server costs beside its reviews: until the first one, after many, and for a connection."""

from collections.abc import Mapping
from statistics import median

from tools.bench.binaries import Say
from tools.bench.bodies import TEMPLATE, VALIDATE
from tools.bench.closed_loop import FLOOR, OURS, POD_SECURITY
from tools.bench.contestants import Arena, Contestant, Running
from tools.bench.load import Load, send
from tools.bench.results import Figure, Goal, Part

STARTS, REVIEWS, ROUNDS, SECONDS = 5, 50_000, 2, 1.5
QUICK_REVIEWS = 3_000
START, MEMORY = Goal("at most", 0.5), Goal("at most", 60.0)
# The part of its start for which a Python process keeps a core of its own busy, at least.
BUSY = 0.75
# Two hooks share the reviews.
CASES = (TEMPLATE, VALIDATE)


def measure(arena: Arena, servers: Mapping[str, Running], *, quick: bool, say: Say) -> Part:
    """Start, memory and handshakes; `servers` run already."""
    say("start, memory, handshakes")
    contestants = arena.contestants()
    compared = [contestants[word] for word in (OURS, FLOOR, POD_SECURITY)]
    found = _starts(arena, compared, 1 if quick else STARTS)
    for contestant in compared[:2]:
        found += _memory(arena, contestant, QUICK_REVIEWS if quick else REVIEWS)
    return Part(found + _handshakes(arena, servers, 1 if quick else ROUNDS))


def _starts(arena: Arena, contestants: list[Contestant], rounds: int) -> list[Figure]:
    """From the start of the process to the first right answer, as it is on a core of its own."""
    seconds: dict[str, list[float]] = {each.word: [] for each in contestants}
    cpu: dict[str, list[float]] = {each.word: [] for each in contestants}
    for _ in range(rounds):
        for each in contestants:
            server = Running(arena, each)
            cpu[each.word].append(server.cpu_seconds())
            server.stop()
            seconds[each.word].append(server.seconds)
    return [
        Figure(
            f"life/{word}/{each.word}",
            f"{title}: {each.title}",
            median(values[each.word]),
            "s",
            START if (word, each.word) == ("start", OURS) else None,
            "from the start of the process, on one core",
            tuple(values[each.word]),
            _doubt(cpu[OURS], seconds[OURS]) if (word, each.word) == ("start", OURS) else "",
        )
        for word, title, values in (
            ("start", "start to first right answer", seconds),
            ("start-cpu", "CPU time until the first right answer", cpu),
        )
        for each in contestants
    ]


def _doubt(cpu: list[float], seconds: list[float]) -> str:
    """Starting ours is work for the processor: it waits for little else."""
    return "but a core was shared" if median(cpu) < BUSY * median(seconds) else ""


def _memory(arena: Arena, contestant: Contestant, reviews: int) -> list[Figure]:
    server = Running(arena, contestant)
    try:
        idle = server.resident_mib()
        for case in CASES:
            send(arena, server, Load(case, count=reviews // len(CASES)))
        after = server.resident_mib()
    finally:
        server.stop()
    goal = MEMORY if contestant.word == OURS else None
    how = "resident memory of the process"
    many = f"memory after {reviews:,} reviews: {contestant.title}"
    return [
        Figure(
            f"life/memory/{contestant.word}/idle", f"memory, idle: {contestant.title}", idle,
            "MiB", None, how,
        ),
        Figure(f"life/memory/{contestant.word}/after", many, after, "MiB", goal, how),
    ]  # fmt: skip


def _handshakes(arena: Arena, servers: Mapping[str, Running], rounds: int) -> list[Figure]:
    """New connections, each with a full TLS 1.3 handshake and one review."""
    found: dict[str, list[float]] = {OURS: [], FLOOR: []}
    for _ in range(rounds):
        for word, values in found.items():
            load = Load(VALIDATE, seconds=SECONDS, reconnect=True)
            values.append(send(arena, servers[word], load).per_second)
    return [
        Figure(
            f"life/handshakes/{word}",
            f"connections/s with a handshake and one review: {servers[word].contestant.title}",
            median(values),
            "/s",
            None,
            "ECDSA P-256, no resumption, 8 at a time",
            tuple(values),
        )
        for word, values in found.items()
    ]
