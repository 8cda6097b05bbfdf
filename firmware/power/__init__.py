"""Batteries: measuring them, sleeping."""
