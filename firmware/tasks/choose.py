"""Import a task of this package by its name in App.tasks."""


def choose(name):
    """Return the module of the task `name`; its do(app) returns when it is due again."""
    if name == "clock":
        from firmware.tasks import clock as task
    elif name == "date":
        from firmware.tasks import date as task
    elif name == "day":
        from firmware.tasks import day as task
    elif name == "key":
        from firmware.tasks import key as task
    elif name == "led":
        from firmware.tasks import led as task
    elif name == "link":
        from firmware.tasks import link as task
    elif name == "plan":
        from firmware.tasks import plan as task
    elif name == "spool":
        from firmware.tasks import spool as task
    elif name == "status":
        from firmware.tasks import status as task
    elif name == "counters":
        from firmware.tasks import counters as task
    elif name == "trial":
        from firmware.tasks import trial as task
    elif name == "update":
        from firmware.tasks import update as task
    else:
        raise ValueError(name)
    return task
