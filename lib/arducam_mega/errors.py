"""The errors that can end the reading of a frame; loaded only then."""

from arducam_mega import CameraError


def stale():
    """Return the error for a frame that can no longer be read."""
    return CameraError("stale", "this frame was read, closed or overwritten; capture again")


def dead():
    """Return the error for a camera that lost its power or its settings."""
    return CameraError("dead", "the camera lost its power meanwhile; take another photo")
