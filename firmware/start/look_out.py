"""Build what makes photos early from the settings sections "motion" and "trigger"."""

from firmware.early import Early


def add(app, motion, trigger):
    """Give `app` an Early; `motion` and `trigger` are sections, None if switched off."""
    if motion:
        from firmware.shot import lookout

        motion = lookout.Lookout(motion)
    if trigger:
        from firmware.trigger import Trigger

        trigger = Trigger(trigger)
    app.early = Early(motion, trigger)
