"""S3's limits on keys and metadata; loaded only when one may be exceeded.

    check("cam1/a.jpg", "image/jpeg", {"seq": 1})

AWS: "Naming Amazon S3 objects", "Working with object metadata".
"""

from s3 import S3Error

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_MAX_KEY = const(1024)
_MAX_METADATA = const(2048)


def check(key, content_type, metadata):
    """Raise S3Error for the first limit that is exceeded."""
    size = len(key.encode())
    if not 0 < size <= _MAX_KEY:
        _refuse("KeyTooLongError", f"key {key[:40]}: {size} bytes, use 1 to {_MAX_KEY}")
    _check_text("content type", content_type)
    size = 0
    from s3 import describe

    for name, value in describe.pairs(metadata):
        name = name.decode()
        value = value.decode()
        _check_text(f"metadata {name}", name + value)
        if "=" in name:
            _refuse("InvalidMetadata", f"metadata {name}: use letters, digits and hyphens")
        size += len(name + value)
    if size > _MAX_METADATA:
        _refuse("MetadataTooLarge", f"metadata: {size} bytes, S3 accepts {_MAX_METADATA}")


def _check_text(what, text):
    if not text or min(text) < " " or max(text) > "~":
        _refuse("InvalidMetadata", f"{what}: S3 accepts printable ASCII only")


def _refuse(code, message):
    raise S3Error(code, 0, "object", message)
