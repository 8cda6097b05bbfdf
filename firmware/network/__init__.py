"""Joining the Wi-Fi."""
