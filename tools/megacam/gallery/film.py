"""Write films with PyAV: encode pictures, and join films without encoding them again."""

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image

_FAST_START = {"movflags": "+faststart"}
# With its macroblock tree, x264 gives other bytes now and then for the same pictures. Without it,
# a film is as large at a CRF of 24 as with it at 23.
_H264 = {"crf": "24", "preset": "veryfast", "x264-params": "mbtree=0"}


def encode(path: Path, frames: Iterator[Image.Image], fps: int) -> None:
    """Write the pictures, all of the size of the first, as .mp4 (H.264) or animated .webp.

    Raises StopIteration if there are none, and OSError if FFmpeg cannot write the file.
    """
    # PyAV takes a third of a second to load, so import it only when a film is made.
    import av

    first = next(frames)
    options = _FAST_START if path.suffix == ".mp4" else {"loop": "0"}
    with av.open(str(path), "w", options=options) as film:
        if path.suffix == ".mp4":
            stream = film.add_stream("libx264", rate=fps, options=_H264)
        else:
            stream = film.add_stream("libwebp_anim", rate=fps, options={"quality": "70"})
        stream.width, stream.height = first.size
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, fps)
        for picture in itertools.chain([first], frames):
            film.mux(stream.encode(av.VideoFrame.from_image(picture)))
        film.mux(stream.encode())


def join(parts: Sequence[Path], path: Path, fps: int) -> int:
    """Write MP4 films of `fps` one after the other into `path`; return how many frames it has.

    The frames are copied. A part of another size than the first is left out, as its frames would
    not decode with the first one's header. Raises OSError for a file that is no film.
    """
    import av

    frames = 0
    with av.open(str(path), "w", options=_FAST_START) as film:
        stream: Any = None
        for part in parts:
            with av.open(str(part)) as source:
                video = source.streams.video[0]
                if stream is None:
                    stream = film.add_stream_from_template(video)
                if (video.width, video.height) == (stream.width, stream.height):
                    frames += _copy(source, video, film, stream, frames, fps)
    return frames


def _copy(source: Any, video: Any, film: Any, stream: Any, before: int, fps: int) -> int:
    """Append the packets of `video` after `before` frames; return their number."""
    begin = round(before / (fps * video.time_base))
    count = 0
    for packet in source.demux(video):
        if packet.dts is None or packet.pts is None:
            continue  # the empty packet at the end
        packet.pts, packet.dts = packet.pts + begin, packet.dts + begin
        packet.stream = stream
        film.mux(packet)
        count += 1
    return count
