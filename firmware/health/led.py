"""What the status LED says.

The blinking is the ESP32's PWM: it goes on while the processor waits for a handshake, and it
takes no RAM.
"""

from machine import PWM, Pin

# State: flashes a second, share of the time that the LED is on, in percent.
STATES = {
    "working": (1, 5),
    "waiting": (1, 50),
    "failing": (5, 50),
    "safe": (1, 95),
}


def show(led, state):
    """Show `state`, one of STATES or "off", on the LED of section "led".

    Return what has to be kept for it to go on, or None without a LED.
    """
    if led["pin"] < 0:
        return None
    flashes_hz, percent = STATES.get(state, (1, 0))
    if led["inverted"]:
        percent = 100 - percent
    return PWM(Pin(led["pin"]), freq=flashes_hz, duty_u16=65535 * percent // 100)
