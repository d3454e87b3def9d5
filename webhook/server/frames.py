"""Errors that would keep what a client has sent.

An error refers to the frames that it came through, a frame to its variables, and often one of them
to the error again. Such a ring waits for a garbage collection, with a quarter of a MiB of what was
sent. Clients can cause errors faster than garbage is collected.
"""


def forget_frames(error: BaseException | None) -> None:
    """Let an error and its causes go of their frames, once nobody asks where it came from."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
