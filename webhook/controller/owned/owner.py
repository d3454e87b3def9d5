"""Whose an object is that carries the name of one that is made.

Ours is what we have written and what carries the reference to the very Deployment that it is made
for; a label, which everybody can write, is not enough. What somebody else applies as a whole is
theirs. The policy that isolates a namespace belongs to no Deployment and is never handed over.
"""

from typing import NamedTuple

from webhook.controller.owned.owned_objects import Live


class Owner(NamedTuple):
    """For whom an object is made: a Deployment by its uid, or a namespace.

    `alone`: it is ours only as long as nobody else has written anything to it.
    """

    uid: str = ""
    alone: bool = False

    def has(self, live: Live) -> bool:
        """Whether the object is ours."""
        return self._was(live) and not self.lost(live)

    def lost(self, live: Live) -> bool:
        """Whether it was ours, and is somebody else's now."""
        taken = live.taken or (self.alone and live.shared)
        return bool(self.uid) and self._was(live) and taken

    def _was(self, live: Live) -> bool:
        return live.written and live.owner_uid == self.uid


NAMESPACE = Owner()
