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
        return "bodies are sent at once from now on, so a refusal costs the photo"
    if "Object Lock" in refusal.said:
        if "checksum" in client.integrity:
            return False
        stronger = "signed-checksum" if client.integrity == "signed" else "checksum"
        from s3 import integrity

        integrity._use(client, stronger)
        return f"integrity is {stronger} from now on, for Object Lock; set it so"
    if client.is_conditional and refusal.is_condition is not False:
        client.is_conditional = False
        return "If-None-Match is left out from now on"
    if refusal.is_condition is None:
        client.is_conditional = True  # leaving it out did not help
    from s3 import integrity

    weaker = refusal.action == "fallback" and integrity._weaken(client)
    return weaker and f"integrity is {weaker} from now on; set it so"
