"""The memo: answers about new pods, kept so that the next pod of the template gets the same one.

A review is a pure function of its request, the settings and the path that it was posted to. Answers
are kept by all of that, byte for byte (memo_key.py), within a bound of bytes; those that were asked
for least recently make room. When the settings change, all of them are forgotten. Often there is no
second pod: for the first of its owners no key is made, and a key that comes for the first time is
not kept.

What is kept is not bounded by namespace: who makes many different pods makes others' first answers
cost once more what they cost without a memo, and not more.
"""

from collections import OrderedDict
from typing import NamedTuple

from webhook.admission import Request
from webhook.observe.metrics import Metrics
from webhook.server.decision import Decision
from webhook.server.memo_key import BLANK, Recognised, fill_in, quotes_blank
from webhook.server.review_log import told_answer, told_request

# The pods of some 250 templates for both hooks. A process has 60 MiB in all.
MOST_BYTES = 4 * 1024 * 1024
MOST_BYTES_OF_ONE = MOST_BYTES // 32
# What an answer takes beside its bytes, and each of its findings.
OBJECT_BYTES, FINDING_BYTES = 2048, 128
MOST_NOTED = 4096

Key = tuple[str, bytes]


class Kept(NamedTuple):
    """An answer, and what is told of its request; `named` where the key leaves the name open."""

    request: Request
    decision: Decision
    named: bool
    size: int

    def about(self, asked: Recognised) -> tuple[Request, Decision]:
        """The request and the answer for one of the bodies that have the key."""
        name = asked.name if self.named else self.request.name
        body = fill_in(asked.uid, self.decision.body)
        return self.request._replace(uid=asked.uid, name=name), self.decision._replace(body=body)


class Memo:
    """Answers of one process, while the settings stay the same object."""

    def __init__(self, metrics: Metrics, most_bytes: int = MOST_BYTES) -> None:
        self._metrics = metrics
        self._most_bytes = most_bytes
        self._settings: object = None
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._bytes = 0
        self._seen: set[int] = set()
        self._unkept: set[int] = set()
        metrics.memo_bytes.set_function(lambda: self._bytes)

    def came_before(self, path: str, what: bytes, settings: object) -> bool:
        """Whether these owners or this key came by these settings before; from now on, they did."""
        if settings is not self._settings:
            self._forget(settings)
        return _noted(self._seen, (path, what))

    def find(self, path: str, asked: Recognised) -> Kept | None:
        """The answer that is kept for a key."""
        key = path, asked.key
        kept = self._kept.get(key)
        if kept is None:
            self._metrics.memo_misses.inc()
        else:
            self._kept.move_to_end(key)
            self._metrics.memo_hits.inc()
        return kept

    def may_keep(self, path: str, asked: Recognised) -> bool:
        """Whether an answer for this key may be kept: none was given up before."""
        return hash((path, asked.key)) not in self._unkept

    def give_up(self, path: str, asked: Recognised) -> None:
        """Remember that no answer for this key can be kept."""
        _noted(self._unkept, (path, asked.key))

    def keep(
        self, path: str, asked: Recognised, request: Request, decision: Decision
    ) -> Kept | None:
        """Keep the answer about a key; None where it is no answer for others."""
        if decision.error is not None or quotes_blank(decision.body, decision.answer):
            return None
        told = told_answer(decision.answer)
        reasons = "".join(each.message for each in told.findings)
        if BLANK.decode() in reasons:
            return None
        size = len(asked.key) + len(decision.body) + len(reasons) + OBJECT_BYTES
        size += FINDING_BYTES * len(told.findings)
        decision = decision._replace(answer=told)
        kept = Kept(told_request(request), decision, BLANK.decode() in request.name, size)
        if size <= MOST_BYTES_OF_ONE:
            self._kept[path, asked.key] = kept
            self._bytes += size
            while self._bytes > self._most_bytes:
                self._bytes -= self._kept.popitem(last=False)[1].size
        return kept

    def _forget(self, settings: object) -> None:
        for each in (self._kept, self._seen, self._unkept):
            each.clear()
        self._bytes = 0
        self._settings = settings


def _noted(digests: set[int], key: Key) -> bool:
    """Note a key, and say whether it was noted before.

    A digest does here: where two keys share one, an answer is kept sooner, or not kept.
    """
    digest = hash(key)
    if digest in digests:
        return True
    if len(digests) >= MOST_NOTED:
        digests.clear()
    digests.add(digest)
    return False
