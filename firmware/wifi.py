"""The Wi-Fi link: is it up, and bring it up; the only module that touches the radio."""

import network

from firmware import rare


def is_up():
    """Tell whether there is a link with an address."""
    wlan = network.WLAN(network.STA_IF)
    return wlan.active() and wlan.isconnected()


def connect(hostname):
    """Bring the link up; return the network's name and our address, or None if it was up.

    A link survives a soft reset, and a second connect() while one runs is an error: a link
    that is up is left alone. Raises WiFiError, CredentialsError.
    """
    if is_up():
        return None
    network.hostname(hostname)
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    ssid = rare.call("wifi_join", "join", wlan, rare.call("credentials", "load", "wifi"))
    return ssid, wlan.ifconfig()[0]
