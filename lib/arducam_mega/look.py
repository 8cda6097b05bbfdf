"""Small raw frames between photos, for motion detection; part of arducam_mega.

    from arducam_mega import look

    frame = look.take(camera)       # 96x96 pixels, RGB565; a Frame as from camera.capture()
    ...
    look.end(camera)                # the next capture() is a photo again, with all its settings

Only format and resolution are changed, so neither needs the tables of configure(). What a real
camera needs after such a change is not known: at least 300 ms pass before the next trigger.
"""

from arducam_mega import CameraError
from arducam_mega.registers import hold, run, secure

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_NEW_FAMILY = const(0x85)  # the first id of the newer family, which has another code for 96x96
_SMALL = b"\x20\x02\x21\x0a"
_SMALL_NEW = b"\x20\x02\x21\x00"
_SMALL_PIXELS = const(96 << 16 | 96)


def take(camera, settle_ms=300, discard=1):
    """Return a frame of 96x96 pixels, RGB565, high byte first: 18,432 bytes.

    The first look after a photo switches the camera over, waits `settle_ms` and discards
    `discard` frames. Raises CameraError as capture() does.
    """
    secure(camera)
    small = _small(camera)
    if not camera._program.startswith(small):
        camera.photo = camera._program, camera._pixels, camera._raw
        _switch(camera, small + camera._program[len(small) :], _SMALL_PIXELS, True)
        _settle(camera, settle_ms, discard)
    return camera.capture()


def end(camera, settle_ms=300, discard=1):
    """Switch back to photos, and take those that are to be discarded, so that the next is good.

    Does nothing if no look was taken since the last photo.
    """
    photo = getattr(camera, "photo", None)
    if not photo:
        return
    camera.photo = None
    secure(camera)
    if not camera._program.startswith(_small(camera)):
        return  # a reset() has ended the looks
    _switch(camera, *photo)
    _settle(camera, settle_ms, max(discard - 1, 0))
    if discard:
        camera.capture()


def _small(camera):
    return _SMALL_NEW if camera.id >= _NEW_FAMILY else _SMALL


def _switch(camera, program, pixels, raw):
    camera.frame = None
    camera._program = program
    camera._pixels = pixels
    camera._raw = raw
    try:
        run(camera, program[: len(_SMALL)])
    except CameraError:
        from arducam_mega import reset

        reset.restore(camera)


def _settle(camera, settle_ms, discard):
    hold(camera, settle_ms)
    camera._to_discard = max(camera._to_discard, discard)
    camera._last_size = 0
