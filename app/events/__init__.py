"""One router per kind of event. Handlers make a job of a delivery and leave the rest to it."""


class IgnoredError(Exception):
    """The delivery is well-formed and asks nothing of us; the message says why."""
