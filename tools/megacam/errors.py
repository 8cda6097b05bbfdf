"""The one family of errors that a user can put right."""


class MegacamError(Exception):
    """What the user asked for cannot be done; the message is one sentence with the remedy."""
