"""Decide whether an object with an unexpected ETag is damaged; loaded only after such a put.

if check(client, "cam1/a.jpg"): ...  # else it is damaged
"""


def check(client, key):
    """Return whether this store's ETags are no MD5s, after the ETag of `key` was not its MD5.

    That is so if two objects in a row had unexpected ETags and none ever had the right one, as
    with a store that encrypts. Otherwise the object is damaged.
    """
    other = client._proof
    if other is True or other in (None, key):
        client._proof = other or key
        return False
    from s3 import integrity

    integrity._use(client, "none")
    if client.log:
        client.log("W s3 the store's ETags are not MD5s: switched to integrity none; set it so")
    return True
