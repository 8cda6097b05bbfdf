"""The time: ask time servers, set the clock, let the store confirm it."""
