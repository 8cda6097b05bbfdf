"""The spool: photos waiting on flash or an SD card."""
