"""Judge the release of a manifest for this board: its signature, its text and its rules."""


def judge(app, path, now):
    """Return (what manifest.read() returns, why it has to wait or ""); raises ValueError.

    The second is None for the release that this board has switched to last. `now` is UTC seconds
    since 1970.
    """
    device = app.uploader.device
    from firmware.update import keys

    owner = keys.load(app.uploader.store.buf)
    from firmware.update import manifest

    found = manifest.read(path, device, owner)
    manifest = None
    from firmware.start import slot_state

    held = slot_state.read()[2]
    if found["counter"] == held:
        return found, None
    from firmware.update import rules

    return found, rules.check(found, device, held, now)
