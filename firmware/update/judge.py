"""Judge the release of a manifest for this board: its signature, its text and its rules.

One after the other, because together they do not fit in memory.
"""


def judge(app, path, now):
    """Return (what manifest.read() returns, why it has to wait or ""); raises ValueError.

    The second is None for the release that this board has switched to last. `now` is UTC seconds
    since 1970. The first also has the index of the key that signed it as `signer`.
    """
    found = read(app, path)
    from firmware.start import slot_state

    held = slot_state.read()[2]
    if found["counter"] == held:
        return found, None
    from firmware.update import rules

    return found, rules.check(found, app.uploader.device, held, now)


def read(app, path):
    """Return what the manifest `path` says, verified; raises ValueError."""
    from firmware.update import keys

    owner = keys.load(app.uploader.store.buf)
    keys = None
    from firmware.update import signature

    signer = signature.signer(path, owner)
    owner = signature = None
    from firmware.update import manifest

    found = manifest.read(path, app.uploader.device)
    found["signer"] = signer
    return found
