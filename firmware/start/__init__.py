"""Startup: boot, building the application, restarts, safe mode, the watchdog, the prompt."""
