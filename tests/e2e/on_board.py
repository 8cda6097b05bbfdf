"""Changes to a simulated board before it is powered on."""

_CHANGE_SETTING = """
import json
with open("/a/config.json") as f:
    settings = json.load(f)
settings[{!r}][{!r}] = {!r}
with open("/a/config.json", "w") as f:
    json.dump(settings, f)
"""


def change_setting(board, section, name, value):
    """Change a setting in a board's config.json, which has been checked already."""
    board.exec(_CHANGE_SETTING.format(section, name, value))
