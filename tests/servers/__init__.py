"""Servers for tests, and fixtures that talk to them from MicroPython."""
