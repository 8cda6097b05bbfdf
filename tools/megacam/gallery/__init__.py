"""The photos of a private bucket in a browser: live, by day, as a time-lapse, as a static site."""
