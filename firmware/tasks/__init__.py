"""What is done between photos; run by app.py, each when it is due."""
