"""Servers for tests only, and the script that talks to them from MicroPython."""
