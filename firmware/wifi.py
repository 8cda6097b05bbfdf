"""The Wi-Fi link: is it up, and bring it up; the only module that touches the radio."""

import network

from firmware import rare


def is_up():
    """Tell whether there is a link with an address."""
    wlan = network.WLAN(network.STA_IF)
    return wlan.active() and wlan.isconnected()


def connect(wifi, stage=0):
    """Bring the link up; return the network's name and our address, or None if it was up.

    `wifi` is the section "wifi" of the settings. `stage` says how hard to try, one more after
    each failure: 0 gives the driver a moment to mend a broken link itself, 1 joins anew, and from
    2 on the radio goes off and on before. What comes after that is the caller's: a reset.
    A link survives a soft reset, and a second connect() while one runs is an error: a link that
    is up is left alone. Takes 70 s at most. Raises WiFiError, CredentialsError.
    """
    if is_up():
        return None
    network.hostname(wifi["hostname"])
    wlan = network.WLAN(network.STA_IF)
    networks = rare.call("credentials", "load", "wifi")
    ssid = rare.call("wifi_join", "join", wlan, networks, wifi["power_save"], stage)
    return ssid, wlan.ifconfig()[0]
