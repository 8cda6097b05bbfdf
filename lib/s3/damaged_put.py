"""Judges an object of s3.py that has another ETag than it should; loaded only after such a put.

if check(client, "cam1/a.jpg"): ...  # else it is damaged
"""


def check(client, key):
    """Return whether the ETags of this store are no MD5s, now that one was not that of `key`.

    So it is where two objects in a row had other ETags and none ever had the right one: a store
    that encrypts gives such. Else the object is damaged.
    """
    other = client._proof
    if other is True or other in (None, key):
        client._proof = other or key
        return False
    from s3 import integrity

    integrity._use(client, "none")
    if client.log:
        client.log("W s3 the store's ETags are no MD5s: integrity is none from now on; set it so")
    return True
