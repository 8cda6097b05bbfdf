"""Check settings against each other, and sort them by section; loaded once schema.py is freed."""

from firmware.errors import ConfigError


def check(settings, secrets):
    """Check the result of schema.values() and remove what is switched off; raises ConfigError."""
    check_schedule(settings)
    from firmware.settings import schema_place

    wrong = schema_place.contradiction(settings)
    from firmware.settings import motion_rules

    wrong = wrong or motion_rules.contradiction(settings)
    if wrong:
        name, value, wanted = wrong
        raise ConfigError(f"config.json: {name} is {value!r}; it must be {wanted}")
    schema_place = motion_rules = None  # frees their code
    from firmware.settings import schema_pins

    schema_pins.check(settings)
    from firmware.settings import motion_rules

    motion_rules.drop_off(settings)
    if ("aws.access_key_id" in secrets) != ("aws.secret_access_key" in secrets):
        raise ConfigError(
            "config.json: set both aws.access_key_id and aws.secret_access_key, or neither"
        )


def check_schedule(settings):
    """Check the hours and the time zone, if they are there; raises ConfigError."""
    from firmware.shot import day_plan

    try:
        for text in settings.get("schedule.hours", ()):
            day_plan.minutes(text)
        if "schedule.timezone" in settings:
            day_plan.offset_s(0, settings["schedule.timezone"])
    except day_plan.PlanError as e:
        raise ConfigError(f"config.json: {e}")


def nest(flat):
    """Return {"section.name": value} as {"section": {"name": value}}, to any depth."""
    nested = {}
    for name, value in flat.items():
        inside = nested
        *sections, name = name.split(".")
        for section in sections:
            inside = inside.setdefault(section, {})
        inside[name] = value
    return nested
