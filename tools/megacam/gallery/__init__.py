"""Show the photos of a private bucket: live, by day, as a time-lapse or as a static site."""
