"""Take and upload photos until power-off. MicroPython executes this file after boot.py."""

from firmware import app

app.main()
