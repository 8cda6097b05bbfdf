"""Send the signed head of a request, up to its body; loaded only for that."""


def send(client, method, headers, path, begin, signature):
    """Send the head; `path`, `begin` and `signature` are the results of sign.sign()."""
    is_asking = method == "PUT" and client.expect_continue
    expect = b"expect: 100-continue\r\n" if is_asking else b""
    lines = _lines(headers, expect, begin, signature)
    client.connection.request(f"{method} {path} HTTP/1.1\r\n".encode(), client.limit_ms, lines)
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
