"""The camera application: capture on a schedule, stream to S3, never lose a photo."""

__version__ = "0.1.0"
