"""Check and finish a capture of an Arducam Mega; part of arducam_mega.

Loaded by ready() and finish(), but not while a photo is read, when memory is short. start.py
begins a capture.
"""

from arducam_mega import CameraError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Register names are those of the application note "Mega SPI Camera Series".
_STATE = const(0x44)
_FIFO_LEN = const(0x45)  # three bytes, low first

_CAP_DONE = const(0x04)
_FIFO_BYTES = const(0x800000)
_MIN_JPEG_BYTES = const(500)  # the tables of a JPEG alone are larger

_EXPOSE_MS = const(10000)  # a full-size photo in the dark takes a few seconds
_FRAME_MS = const(100)  # per further frame of a burst; 36 ms measured at 128x128
_RETRY_MS = const(300)  # a camera that gave a blank frame needs this long to recover
_POLL_MS = const(10)  # a shorter sleep spins on the ESP32
_TRIES = const(3)  # first trigger, second trigger, reset

_OFF = const(0)
_SETTLING = const(1)
_EXPOSING = const(2)
_DONE = const(3)

_VGA = const(640 << 16 | 480)


def ready(camera):
    """See ArducamMega.ready()."""
    if camera._state == _OFF:
        raise CameraError("stale", "no capture is under way; start() one")
    try:
        if camera._state != _DONE:
            _advance(camera)
    except CameraError as e:
        _recover(camera, e)
    return camera._state == _DONE


def finish(camera):
    """See ArducamMega.finish()."""
    while not ready(camera):
        camera._clock.sleep_ms(_POLL_MS)
    camera._state = _OFF
    from arducam_mega.frame import Frame

    camera.frame = Frame(camera, camera._last_size, camera._raw, camera._extra_frames + 1)
    camera.frame.triggered_ms = camera._since
    return camera.frame


def _advance(camera):
    if camera._state == _SETTLING:
        if not camera._within(camera._since, camera._hold_ms):
            from arducam_mega import start

            start._trigger(camera)
        return
    if not camera.intact():
        from arducam_mega import errors

        raise errors.dead()
    if camera._reg(_STATE) & _CAP_DONE:
        _check(camera)
    elif not camera._within(camera._since, _EXPOSE_MS + camera._extra_frames * _FRAME_MS):
        raise CameraError("timeout", "a capture never ends; check the supply")


def _check(camera):
    size = _length(camera)
    if size != _length(camera) or not _is_plausible(camera, size):
        raise CameraError("length", f"a capture ended with {size} bytes")
    camera._command = b"\x3c\x00"
    camera._burst(camera._head)
    camera._command = b"\x3c"
    _check_head(camera)
    # 1/32 is more than noise and less than one step of automatic exposure.
    if camera._to_discard and (camera._raw or abs(size - camera._last_size) * 32 > size):
        camera._to_discard -= 1
        camera._state = _SETTLING
    else:
        camera._to_discard = 0
        camera._state = _DONE
    camera._last_size = size


def _length(camera):
    low = camera._reg(_FIFO_LEN) | camera._reg(_FIFO_LEN + 1) << 8
    return low | camera._reg(_FIFO_LEN + 2) << 16


def _is_plausible(camera, size):
    if camera._raw:
        pixels = (camera._pixels >> 16) * (camera._pixels & 0xFFFF)
        return size == pixels * 2 * (camera._extra_frames + 1)
    return _MIN_JPEG_BYTES <= size < _FIFO_BYTES


def _check_head(camera):
    head = camera._head
    if camera._raw:
        # An empty FIFO reads 08 01 forever; any other constant may be a photo in the dark.
        good = head != b"\x08\x01" * (len(head) // 2)
    else:
        good = head[0] == 0xFF and head[1] == 0xD8 and head[2] == 0xFF
    if not good:
        raise CameraError("blank", "a frame does not begin as a picture does")
    pixels = 0 if camera._raw else _jpeg_pixels(head)
    if pixels and pixels != camera._pixels:
        if camera._tries < _TRIES - 1 or pixels == _VGA:
            raise CameraError("size", "photos have not the size asked for; check the supply")
        camera._pixels = pixels  # even after a reset: accept this camera's size


def _jpeg_pixels(head):
    # The size in the frame header (ITU-T T.81, B.2.2), width << 16 | height; 0 if it is not in
    # `head`.
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        if head[at + 1] == 0xFF:
            at += 1  # a fill byte (B.1.1.2)
            continue
        if head[at + 1] in b"\xc0\xc1\xc2":
            return head[at + 7] << 24 | head[at + 8] << 16 | head[at + 5] << 8 | head[at + 6]
        at += 2 + (head[at + 2] << 8 | head[at + 3])
    return 0


def _recover(camera, error):
    camera._state = _OFF
    camera._tries += 1
    if camera._tries >= _TRIES:
        raise error
    if camera._tries > 1 or not camera.intact():
        from arducam_mega import reset

        reset.restore(camera)
    else:
        from arducam_mega.registers import hold

        hold(camera, _RETRY_MS)
    camera._state = _SETTLING
