"""Every warning and error that the board logs, what it means and what to do.

docs/troubleshooting.md is generated from this table; a test compares it with the firmware.
"""

_ITSELF = "nothing: it passes by itself"
_DOCTOR = "`megacam doctor`"

#: (what the line begins with, what it means, what to do).
LOG_LINES = (
    ("E app cannot start", "the settings cannot be used", "change what the line names, then "
     "`megacam deploy`"),
    ("E app daily cap reached", "`cap.requests` or `cap.mb` is used up: photos wait until "
     "midnight (UTC)", "raise the cap if it is too low, then `megacam deploy`"),
    ("E app photo lost", "the photo could not be taken, or broke off while it was sent; it is "
     "taken again if there is a point in it", _DOCTOR + ", if it happens often"),
    ("E app work failed", "a task failed; it is tried again within minutes", "if it stays, report "
     "the line as a bug"),
    ("E battery low", "the battery is below `power.low_mv`: the board sleeps for an hour",
     "charge the battery; check `power.divider`"),
    ("E boot cannot go back", "the board restarts too often, and NVS cannot be written",
     "`megacam flash` and `megacam deploy`, if it stays"),
    ("E boot failed", "the start failed, the application starts all the same", "if it stays, "
     "report the line as a bug"),
    ("E camera setting refused", "this model does not offer a setting of section `camera`; the "
     "others are in force", "choose a value that the line names, then `megacam deploy`"),
    ("E config refused", "config.json was copied to the board and is wrong", "change what the "
     "line names, and copy it again or run `megacam deploy`"),
    ("E counters not kept", "the flash cannot be written, or is full", "make room on it; `megacam "
     "flash` and `megacam deploy`, if it stays"),
    ("E credentials unusable", "there is no key in NVS, or it is damaged: photos wait",
     "`megacam provision`"),
    ("E roots unusable", "the root certificates are missing or damaged: photos wait",
     "`megacam deploy`"),
    ("E s3 photo refused", "the store refuses this photo only, for its size or its name",
     "see its answer in the line"),
    ("E s3 request failed", "a request failed in the board itself, for example for lack of "
     "memory; the photo waits", _ITSELF + "; if it stays, report the line as a bug"),
    ("E s3 unreachable", "the store did not answer, or refused the request: photos wait, and the "
     "board tries again after `again_in_s`", "what the line says; " + _DOCTOR + " if it stays"),
    ("E safe mode, no photos are taken", "the board restarted too often: for an hour it is only "
     "connected", "read the errors before this one with `megacam logs`; check the supply"),
    ("E safe mode failed", "safe mode cannot work either; the board restarts", "read the errors "
     "before this one with `megacam logs`; `megacam deploy`"),
    ("E spool damaged", "a waiting photo does not read back as it was written; it is kept as "
     "`/spool/damaged-...`", "if it happens often, replace the board or its SD card"),
    ("E spool on the flash", "the SD card is missing, broken, full or read-only: the flash takes "
     "the photos", "put in a card with FAT32 that works"),
    ("E spool refused", "the store refuses a waiting photo for itself; it is kept as "
     "`/spool/damaged-...`", "see its answer in the line"),
    ("E spool unusable", "waiting photos can be neither read nor written", "what the line says; "
     "`megacam flash` and `megacam deploy`, if it stays"),
    ("E update cannot be kept on the flash", "a release does not fit beside the files there",
     "remove your own files from the board, or lower `spool.limit_kb`"),
    ("E update goes back", "a release has stored no photo in an hour: the files before run again",
     "look at `megacam update status`, and push one that works"),
    ("E update refused", "the release in the bucket is not for this camera, or not what was "
     "signed", "what the line says; `megacam update status`"),
    ("E wifi failed", "no network could be joined at the start; the board tries again",
     "what the line says; " + _DOCTOR + " if it stays"),
    ("W app memory low", "little memory is left", "fewer features, a smaller `spool.limit_kb` or "
     "a board with PSRAM"),
    ("W camera not ready", "the camera does not answer; the board tries again",
     _DOCTOR + ", if it stays"),
    ("W clock jump refused", "a time server differs from the store by far", "name another server "
     "in `clock.servers`, if it stays"),
    ("W clock not set", "no time server answers", "name a server of your network in "
     "`clock.servers`, or a web server in `clock.http_urls`"),
    ("W clock of the store unknown", "the store's reply has no usable date", _ITSELF),
    ("W clock set by the store", "the time server was wrong; the store's time is used", "name "
     "another server in `clock.servers`, if it happens often"),
    ("W counters not kept", "the counters could not be saved before a restart", _ITSELF),
    ("W restart", "the board restarts for the reason in the line", _ITSELF),
    ("W s3 failed", "a request failed and is tried again at once", _ITSELF),
    ("W s3 If-None-Match is no longer sent", "the store does not know it", "nothing"),
    ("W s3 bodies are now sent without waiting", "a proxy or the store refuses Expect",
     "connect without the proxy"),
    ("W s3 switched to integrity", "the store does not know the mode of the body", "set "
     "`s3.integrity` to the mode in the line, then `megacam deploy`"),
    ("W s3 the store's ETags are not MD5s", "the store cannot confirm a photo by its ETag",
     "set `s3.integrity` to `none`, then `megacam deploy`"),
    ("W sensor failed", "the function in `sensor.function` raised the error in the line; the "
     "photo goes without a reading", "mend the function"),
    ("W sensor left out", "the function takes longer than `sensor.limit_ms`", "make it faster or "
     "raise the limit, then restart the board"),
    ("W sequence not kept", "the number of the next photo cannot be written to the flash",
     "as for `E counters not kept`"),
    ("W spool thinned", "the spool is full: photos were dropped, spread over the outage",
     "smaller photos, a larger `spool.limit_kb` or an SD card"),
    ("W status not put", "the health report could not be stored; it is tried again", _ITSELF),
    ("W update not asked for", "the bucket could not be asked for a release; it is asked again",
     _ITSELF),
    ("W update waits", "a release could not be downloaded; it is tried again", _ITSELF),
    ("W wifi failed", "no network could be joined; the board tries again", "what the line says; "
     + _DOCTOR + " if it stays"),
    ("W wifi networks are the old ones again", "a release changed the Wi-Fi networks and was not "
     "kept", "look at `megacam update status`"),
)  # fmt: skip


def markdown() -> list[str]:
    """Return the lines of the chapter in docs/troubleshooting.md."""
    lines = ["## What the log says", "", "These lines of `megacam logs` are warnings and errors."]
    lines += ["", "| line | what it means | what to do |", "|---|---|---|"]
    return [*lines, *(f"| `{start}` | {means} | {todo} |" for start, means, todo in LOG_LINES), ""]
