"""Error messages of the spool."""

from firmware.errors import SpoolError


def failed(action, path, why):
    """Return the SpoolError for a failed `action`; `why` is the exception or text."""
    error = SpoolError(f"spool: cannot {action} {path}: {words(why)}")
    error.errno = getattr(why, "errno", 0)
    return error


def words(why):
    """Return an exception's message, explained if it is a bare number, or the text `why`."""
    try:
        from https.words import explain

        return explain(why) if isinstance(why, OSError) else why
    except MemoryError:
        return f"error number {why.errno}"
