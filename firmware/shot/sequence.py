"""Sequence numbers of photos, which never repeat."""


def advance(counters, path="/sequence"):
    """Return the number of the next photo, and save it in `counters`.

    The file is read only when the known numbers, those below "seq_end", are used up.
    """
    number = counters["seq"] + 1
    if not 1 < number < counters["seq_end"]:
        try:
            from firmware.shot import reserve

            sequence = reserve.Sequence(path, number - 1)
            number = sequence.next()
            counters["seq_end"] = sequence.reserved
        except OSError as e:
            from firmware.log import log  # seldom needed

            # A flash that cannot be written must not lose a photo that can be sent.
            log("W sequence not kept", why=e)
    counters["seq"] = number
    return number
