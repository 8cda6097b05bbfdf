"""The objects of a bucket with a site: photos of two days, and a digest of one of them.

The digest is written as docs/digest.md describes it, beside the code that makes real ones.
"""

import io
import json
from datetime import datetime, timedelta, timezone

from gallery_wire import jpeg, key_of
from megacam.site import pages
from PIL import Image

STEP = timedelta(minutes=2)
_WIDE, _TALL, _COLUMNS, _SHEET = 160, 120, 10, 120


def app():
    """Return the files of the app as objects."""
    return {f"_site/{name}": content for name, content in pages.files().items()}


def photos(camera, start, end, step=STEP):
    """Return photos of a span: {key: JPEG}; at noon something orange walks by."""
    found = {}
    moment, seq = start, 0
    while moment < end:
        noon = moment.hour == 12 and moment.minute < 40
        shade = 40 + int(160 * (1 - abs(moment.hour + moment.minute / 60 - 13) / 13))
        fox = 5 + 2 * moment.minute if noon else None
        found[key_of(camera, moment, seq)] = jpeg(shade, fox, (640, 480))
        moment, seq = moment + step, seq + 1
    return found


def _iso(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _jpeg_of(image):
    made = io.BytesIO()
    image.save(made, "JPEG", quality=75)
    return made.getvalue()


def digest(camera, day, objects, zone="CET-1CEST,M3.5.0,M10.5.0/3", east_h=1, film=b""):
    """Return the digest of a day, {key: bytes}, of those of `objects` that are its photos."""
    start = datetime.fromisoformat(day).replace(tzinfo=timezone.utc) - timedelta(hours=east_h)
    end = start + timedelta(days=1)
    folder = f"{camera}/_digest/{day.replace('-', '/')}/"
    made, hours, rows = {}, [], []
    strip = Image.new("RGB", (24 * 120, 60), "gray")
    for hour in range(24):
        first = start + timedelta(hours=hour)
        inside = [
            key for key in sorted(objects) if key.startswith(f"{camera}/{first:%Y/%m/%d/%H}")
        ]
        sheet = Image.new("RGB", (_WIDE * _COLUMNS, _TALL * -(-max(1, len(inside)) // _COLUMNS)))
        for cell, key in enumerate(inside):
            small = Image.open(io.BytesIO(objects[key])).resize((_WIDE, _TALL))
            sheet.paste(small, (cell % _COLUMNS * _WIDE, cell // _COLUMNS * _TALL))
            strip.paste(small.resize((4, 60)), (hour * 120 + cell * 4, 0))
            moved = int(first.hour == 12 and 0 < cell < 20)
            rows.append([key.partition("/")[2], len(objects[key]), hour, cell, 0.01, moved])
        name = f"{camera}/_digest/{first:%Y/%m/%d/%H}/sprite-{hour:04x}.jpg"
        made[name] = _jpeg_of(sheet)
        sprites = [{"key": name, "size": len(made[name])}] if inside else []
        hours.append({"start": _iso(first), "source": "x", "sprites": sprites, "film": None})
    made[folder + "keogram-1a.jpg"] = _jpeg_of(strip)
    if film:
        made[folder + "film-2b.mp4"] = film
    made[folder + "day.json"] = json.dumps(
        {
            "format": 1, "device": camera, "day": day, "zone": zone, "start": _iso(start),
            "end": _iso(end), "over": True, "hours": hours,
            "cell": {"width": _WIDE, "height": _TALL, "columns": _COLUMNS, "a_sheet": _SHEET},
            "photos": rows, "refused": {},
            "labels": {row[0]: {"fox": 0.9} for row in rows if row[5] and row[3] < 3},
            "moments": [{"key": f"{camera}/{row[0]}", "change": 0.07} for row in rows if row[5]],
            "gaps": [{"start": _iso(start), "end": _iso(start + timedelta(hours=6)),
                      "kind": "outage"}],
            "keogram": {"key": folder + "keogram-1a.jpg", "size": 1, "column_s": 30},
            "film": {"key": folder + "film-2b.mp4", "size": len(film)} if film else None,
        }
    ).encode()  # fmt: skip
    return made
