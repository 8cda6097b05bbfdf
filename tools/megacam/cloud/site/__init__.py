"""The private site at CloudFront: make it, show it, prove that it is private, remove it."""
