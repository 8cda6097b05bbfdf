"""Take several photos with one trigger of an Arducam Mega; part of arducam_mega."""

from arducam_mega.registers import secure

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Frames per trigger minus one; 255 means "until full", after which the next capture fails.
_FRAME_COUNT = const(0x01)
_FIFO_BYTES = const(0x800000)


def capture(camera, frames):
    """Return one Frame that holds `frames` photos in a row, 1 to 255.

    Pixel frames follow each other and have the same size. JPEGs are separated by their markers.
    """
    size = (camera._pixels >> 16) * (camera._pixels & 0xFFFF) * 2
    if not 1 <= frames <= 255 or (camera._raw and size * frames >= _FIFO_BYTES):
        raise ValueError(f"burst of {frames} is not offered; choose 1 to 255 that fit in 8 MiB")
    secure(camera)
    camera._extra_frames = frames - 1
    try:
        camera._reg(_FRAME_COUNT, frames - 1)
        return camera.capture()
    finally:
        camera._extra_frames = 0
        camera._reg(_FRAME_COUNT, 0)
