"""The camera application: capture on a schedule, stream to S3, never lose a photo."""

__version__ = "0.1.0"
#: The folder that this firmware runs from, with its settings and root certificates: /a or /b.
slot = __file__.rpartition("/firmware/")[0]
