"""Take and upload photos until the power goes. MicroPython executes this file after boot.py."""

from firmware import app

app.main()
