"""Judge the release of a manifest for this board: its signature, its text and its rules.

One after the other, because together they do not fit in memory. The signature takes the most, so
nothing else of an update is loaded before it has been verified.
"""

from firmware import clock

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_EXPONENT = const(65537)


def judge(app, path):
    """Return the next step, see turn.turn(), and the verdict for it.

    That is (what read() returns, why it has to wait or "", why it is refused or ""). The second is
    None for the release that this board has switched to last.
    """
    try:
        found = read(app, path)
        verdict = found, _wait(app, found), ""
    except ValueError as e:
        verdict = {}, "", str(e)
    if path.endswith(".new"):
        from firmware.update import accept

        return accept.accept, verdict
    from firmware.update import finish

    return finish.finish, verdict


def _wait(app, found):
    from firmware.start import slot_state

    held = slot_state.read()[2]
    if found["counter"] == held:
        return None
    from firmware.update import rules

    return rules.check(found, app.uploader.device, held, clock.now())


def read(app, path):
    """Return what the manifest `path` says, verified; raises ValueError.

    The result is that of manifest.read(), with the index of the key that signed it as `signer`.
    """
    signer = _signer(path, app.uploader.store.buf)
    from firmware.update import manifest

    found = manifest.read(path, app.uploader.device)
    found["signer"] = signer
    return found


def _signer(path, buf):
    """Return the index of the owner's key that has signed the manifest; raises ValueError.

    RSASSA-PKCS1-v1_5 (RFC 8017), each part alone: pow() takes 3.3 KB.
    """
    from firmware.update import signature

    number, digest = signature.read(path, buf)
    for index in range(2):
        signature = None
        from firmware.update import keys

        modulus = int.from_bytes(keys.load(index, buf), "big")
        keys = None
        block = number < modulus and pow(number, _EXPONENT, modulus)
        from firmware.update import signature

        if block and signature.is_right(block, digest):
            return index
    raise ValueError("it is not signed by a key of this camera's owner")
