"""Sign a request and send it up to its body; loaded only for that."""


def send_head(client, method, key, query, headers, payload):
    """See S3Client.send_head()."""
    headers["host"] = client.host
    import canonical_request as request

    path = client.prefix + request.uri_encode(key)
    begin, text = request.prepare(
        client.region, client.credentials, method, path, query, headers, payload, client.now()
    )
    request = None  # frees its code: next to that of HMAC there would be little room
    from signing_key import sign

    signature = sign(client.credentials.secret_access_key, text, client._key)
    if query:
        path = f"{path}?{query}"
    first = f"{method} {path} HTTP/1.1\r\n".encode()
    is_asking = method == "PUT" and client.expect_continue
    expect = b"expect: 100-continue\r\n" if is_asking else b""
    lines = _lines(headers, expect, begin, signature)
    client.connection.request(first, client.limit_ms, lines)
    return headers["x-amz-date"], signature


def _lines(headers, unsigned, begin, signature):
    # One by one: as one string, with its copies, they would take 6 KB of RAM at once.
    from header_fields import fields

    for name, value in fields(headers):
        yield f"{name}: ".encode()
        yield value.encode()
        yield b"\r\n"
    yield unsigned
    yield f"authorization: {begin}".encode()
    # The same as signed_names() of canonical_request.py, which has been freed by now.
    end = ""
    for name, _ in fields(headers):
        yield (end + name).encode()
        end = ";"
    yield f", Signature={signature}\r\n\r\n".encode()
