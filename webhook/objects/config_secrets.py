"""The revision of a configuration: the template carries it, so that a changed value rolls the pods.

Whoever may read Deployments and pods reads it, and many of them may not read Secrets. A plain
digest would tell them a value of few possibilities (a PIN, a flag, a word): they try them all. So
it is an HMAC-SHA256 over all values at once, whose key is the uid of the user's Secret: 122 random
bits that the API server shows to those alone who may read the Secret itself. Without the uid there
is nothing to try, and equal values of two Secrets give different revisions.

Considered and left: the resourceVersion, which tells nothing at all, but changes with every label
and annotation that a sync tool writes, and each would restart a server and cut its sessions; a key
of the controller's own, which would be one more Secret to make, to keep and to lose. What remains:
who learns the uid elsewhere (an audit log) can try values, but only all of the Secret together, so
that one random value in it protects the others.

A Secret that is deleted and made again has another uid, and rolls the pods once.

Pods cannot start without the made Secret, so that those of a new server have read its first values:
the revision of these is an annotation of that Secret, written when it is created and never after,
and the template gets none until the values change. A made Secret that comes back while pods run,
which may have read others, has no such annotation, and the pods roll.
"""

import hmac
import json
from base64 import b64encode

from webhook.objects.configuration import Configuration

_HEX_DIGITS = 16


def revision(configuration: Configuration | None) -> str | None:
    """The value of the template's annotation; None where there is no configuration.

    Raises ValueError without a uid: there would be no key.
    """
    if configuration is None:
        return None
    if not configuration.source_uid:
        raise ValueError("a revision needs the uid of the user's Secret as the API server gave it")
    parts = [
        {key: b64encode(value).decode() for key, value in sorted(values.items())}
        for values in (configuration.env, configuration.files)
    ]
    content = json.dumps(parts, separators=(",", ":")).encode()
    return hmac.new(configuration.source_uid.encode(), content, "sha256").hexdigest()[:_HEX_DIGITS]
