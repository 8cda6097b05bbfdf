"""Register writes that take the camera some time, and waits with a limit; part of arducam_mega.

This is for the modules that are loaded on demand; arducam_mega itself has the code that reads a
photo.
"""

from arducam_mega import CameraError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_FORMAT = const(0x20)
_RESOLUTION = const(0x21)
_AUTOFOCUS = const(0x29)
_AUTO_CTRL = const(0x30)
_STATE = const(0x44)

_IDLE_MASK = const(0x03)
_IDLE = const(0x02)
_BUSY = const(0x08)  # second busy bit of the newer family
_CAP_DONE = const(0x04)
_NEW_FAMILY = const(0x85)  # the first id of the newer family

_OFF = const(0)
_EXPOSING = const(2)

_IDLE_MS = const(1000)
_FOCUS_MS = const(8000)  # loading the autofocus firmware takes seconds
_CHANGE_MS = const(300)  # after a write of 0x20 or 0x21, an earlier trigger gives a blank frame
_EXPOSE_MS = const(10000)  # a full-size photo in the dark takes a few seconds
_POLL_MS = const(10)  # a shorter sleep spins on the ESP32


def write(camera, address, value):
    """Write register 0x0A to 0x0E or 0x20 to 0x35 and wait: a busy camera ignores writes."""
    camera._reg(address, value)
    mask = _IDLE_MASK
    if address == _AUTO_CTRL and camera.id >= _NEW_FAMILY:
        mask = _IDLE_MASK | _BUSY
    wait(camera, mask, _IDLE, _FOCUS_MS if address == _AUTOFOCUS else _IDLE_MS)
    if address in (_FORMAT, _RESOLUTION):
        hold(camera, _CHANGE_MS)


def run(camera, program):
    """Do the register writes in `program`: address, value, address, value, ..."""
    for i in range(0, len(program), 2):
        write(camera, program[i], program[i + 1])


def wait(camera, mask, want, limit_ms):
    """Wait until the state masked with `mask` is `want`; raises CameraError "busy"."""
    since = camera._clock.ticks_ms()
    state = camera._reg(_STATE)
    while state & mask != want:
        if not camera._within(since, limit_ms):
            raise CameraError("busy", f"camera is busy after {limit_ms} ms, state {state:#x}")
        camera._clock.sleep_ms(_POLL_MS)
        state = camera._reg(_STATE)


def hold(camera, ms):
    """Allow no trigger for the next `ms`."""
    now = camera._clock.ticks_ms()
    if camera._within(camera._since, camera._hold_ms):
        ms = max(ms, camera._hold_ms - camera._clock.ticks_diff(now, camera._since))
    camera._since = now
    camera._hold_ms = ms


def secure(camera):
    """Stop a capture; restore the camera if it does not answer or has lost its settings."""
    try:
        stop(camera)
    except CameraError:
        camera.id = 0
    if not camera.id or not camera.intact():
        from arducam_mega import reset

        reset.restore(camera)


def stop(camera):
    """Wait for a capture to end and drop it: the camera cannot abort it, and ignores writes."""
    if camera._state == _EXPOSING:
        wait(camera, _CAP_DONE, _CAP_DONE, _EXPOSE_MS)
    camera._state = _OFF
