"""Keys of photos in the bucket: DEVICE/yyyy/mm/dd/hhmmss-SEQUENCE.jpg, UTC, never used twice."""


def photo_key(device, fields, number):
    """Return the key of photo `number`; `fields` is (year, month, day, hour, minute, second)."""
    year, month, day, hour, minute, second = fields
    date = f"{year:04}/{month:02}/{day:02}"
    return f"{device}/{date}/{hour:02}{minute:02}{second:02}-{number:06}.jpg"
