"""Uploads: retry policy, keeping photos in the spool, sending the waiting ones."""
