"""Bring the network up before main.py runs. MicroPython executes this file at every start."""

from firmware import rare

rare.call("boot", "main")
