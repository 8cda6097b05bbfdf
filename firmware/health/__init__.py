"""The health of the camera: counters, report, LED."""
