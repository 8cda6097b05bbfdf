"""Stop using a feature that a store has refused; loaded only then.

learned = correct(client, refusal)  # a Refusal from s3/errors.py
"""


def correct(client, refusal):
    """Adjust the client and return a sentence about the change; false if nothing is left to try.

    The condition is dropped before the mode is weakened: each mode is tried with and without it.
    """
    if refusal.status == 417:
        if not client.expect_continue:
            return False
        client.expect_continue = 0
        return "bodies are now sent without waiting; a refused photo is lost"
    if "Object Lock" in refusal.said:
        if "checksum" in client.integrity:
            return False
        stronger = "signed-checksum" if client.integrity == "signed" else "checksum"
        from s3 import integrity

        integrity._use(client, stronger)
        return f"switched to integrity {stronger}, for Object Lock; set it permanently"
    if client.is_conditional and refusal.is_condition is not False:
        client.is_conditional = False
        return "If-None-Match is no longer sent"
    if refusal.is_condition is None:
        client.is_conditional = True  # leaving it out did not help
    from s3 import integrity

    weaker = refusal.action == "fallback" and integrity._weaken(client)
    return weaker and f"switched to integrity {weaker}; set it permanently"
