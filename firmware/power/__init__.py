"""Battery power: measure the voltage, deep sleep."""
