"""Alarms: what is wrong with a camera, told once, from its status.json and its newest photo."""
