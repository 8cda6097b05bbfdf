"""micropython-lib's `urequests`, frozen into the ESP32's firmware: the old name of `requests`."""

from requests import *  # noqa: F403
