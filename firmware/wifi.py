"""The state of the Wi-Fi link; network/join.py brings it up."""

import network


def is_up():
    """Return whether there is a link with an IP address."""
    wlan = network.WLAN(network.STA_IF)
    return wlan.active() and wlan.isconnected()


def rssi_dbm():
    """Return the signal strength of the link in dBm, or None without a link."""
    try:
        return network.WLAN(network.STA_IF).status("rssi")
    except (OSError, RuntimeError):
        return None


def off():
    """Switch the radio off; network/join.py switches it on again."""
    network.WLAN(network.STA_IF).active(False)
