"""The Wi-Fi link: is it up, and how strong; network/join.py brings it up."""

import network


def is_up():
    """Tell whether there is a link with an address."""
    wlan = network.WLAN(network.STA_IF)
    return wlan.active() and wlan.isconnected()


def rssi_dbm():
    """Return the strength of the link's signal in dBm, or None without a link."""
    try:
        return network.WLAN(network.STA_IF).status("rssi")
    except (OSError, RuntimeError):
        return None


def off():
    """Switch the radio off; network/join.py switches it on again."""
    network.WLAN(network.STA_IF).active(False)
