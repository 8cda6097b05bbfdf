"""Sign a request and send it up to its body; loaded only for that."""


def send_head(client, method, key, query, headers, payload):
    """See S3Client.send_head()."""
    headers["host"] = client.host
    signer = client.signer()
    path = client.prefix + signer.encode(key)
    begin, signature = signer.parts(
        client.credentials, method, path, query, headers, payload, client.now()
    )
    signer = None
    if query:
        path = f"{path}?{query}"
    first = f"{method} {path} HTTP/1.1\r\n".encode()
    is_asking = method == "PUT" and client.expect_continue
    expect = b"expect: 100-continue\r\n" if is_asking else b""
    lines = _lines(headers, expect, begin, signature)
    client.connection.request(first, client.limit_ms, lines)
    return signature


def _lines(headers, unsigned, begin, signature):
    # One by one: as one string, with its copies, they would take 6 KB of RAM at once.
    for name in headers:
        yield f"{name}: {headers[name]}\r\n".encode()
    yield unsigned
    yield f"authorization: {begin}".encode()
    # The same as signed_names() of sigv4.py, which has been freed by now.
    end = ""
    for name in sorted(headers):
        yield (end + name).encode()
        end = ";"
    yield f", Signature={signature}\r\n\r\n".encode()
