"""What time it is: time servers, setting the clock, confirming it."""
