"""The demo: the firmware on a simulated board with a local S3 store."""
