"""The camera application: capture on a schedule, stream to S3, never lose a photo."""

__version__ = "0.1.0"
#: The folder that this firmware runs from, with its settings and root certificates: /a or /b.
slot = __file__.rpartition("/firmware/__init__")[0]


def begin():
    """Prepare the board for main.py, once. If this fails, boot.py tries the other slot."""
    import gc

    from firmware.start import boot

    if boot.main():  # the board has restarted too often
        from firmware.start import safe_mode

        safe_mode.stay()
    gc.collect()
    # main.py needs it: if it cannot be imported, boot.py must know.
    from firmware import app  # noqa: F401

    del globals()["begin"]
