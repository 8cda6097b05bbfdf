"""How the camera is doing: counters, report, LED."""
