"""The spool: photos that wait on flash or an SD card."""
