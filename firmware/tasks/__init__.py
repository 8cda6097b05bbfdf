"""The tasks between photos; app.py runs each when it is due."""
