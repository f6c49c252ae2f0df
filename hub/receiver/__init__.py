"""The receiver: what systems post to us (webhooks) and what our own sites and tills tell (events), over HTTP.

    app       the application: which call goes where, and what it is answered
    hooks     a delivery: proven by its connector, in its window, kept once
    events    events: signed, checked row by row, kept once
    bodies    a body of bounded size in bounded time
    desk      the one thread that writes, and for how long a caller waits for it
    serve     the application behind a socket

It keeps what it hears and reads nothing: a run does that (`kehub sync`, or `kehub sync --hinted` for hints alone).
"""

from hub.receiver.app import receiver

__all__ = ["receiver"]
