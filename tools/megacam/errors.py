"""The base class of all errors that a user can fix."""


class MegacamError(Exception):
    """The user's request cannot be done; the message is one sentence with the remedy."""
