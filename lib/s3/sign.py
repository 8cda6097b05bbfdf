"""Sign the head of a request; loaded only for that."""


def sign(client, method, key, query, headers, payload):
    """Add the signed headers to `headers`; return (path, beginning of authorization, signature).

    The arguments are those of S3Client.send_head().
    """
    headers["host"] = client.host
    from uri_encode import uri_encode

    path = client.prefix + uri_encode(key)
    from canonical_request import prepare

    begin, text = prepare(
        client.region, client.credentials, method, path, query, headers, payload, client.now()
    )
    prepare = None  # frees its code: next to that of HMAC there would be little room
    from signing_key import sign

    signature = sign(client.credentials.secret_access_key, text, client._key)
    return (f"{path}?{query}" if query else path), begin, signature
