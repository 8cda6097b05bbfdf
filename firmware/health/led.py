"""Show the camera's state on the status LED.

The ESP32's PWM makes the LED blink: it continues while the processor waits for a handshake, and
takes no RAM.
"""

from machine import PWM, Pin

# State: (flashes per second, percentage of the time that the LED is on).
STATES = {
    "working": (1, 5),
    "waiting": (1, 50),
    "failing": (5, 50),
    "safe": (1, 95),
}


def show(led, state):
    """Show `state`, one of STATES or "off", on the LED of the settings section "led".

    Return the PWM object, or None without an LED. Keep the object: the LED blinks while it exists.
    """
    if led["pin"] < 0:
        return None
    flashes_hz, percent = STATES.get(state, (1, 0))
    if led["inverted"]:
        percent = 100 - percent
    return PWM(Pin(led["pin"]), freq=flashes_hz, duty_u16=65535 * percent // 100)
