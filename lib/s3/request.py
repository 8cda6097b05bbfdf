"""Send the signed head of a request, up to its body; loaded only for that."""

from header_fields import fields


def send(client, method, headers, path, begin, signature):
    """Send the head and empty `headers`; return its date and its signature.

    `begin` is the beginning of the authorization header, see canonical_request.py.
    """
    is_asking = method == "PUT" and client.expect_continue
    expect = b"expect: 100-continue\r\n" if is_asking else b""
    lines = _lines(headers, expect, begin, signature)
    client.connection.request(f"{method} {path} HTTP/1.1\r\n".encode(), client.limit_ms, lines)
    date = headers["x-amz-date"]
    headers.clear()  # up to 2 KB, which old stack slots of the callers would keep alive
    return date, signature


def _lines(headers, unsigned, begin, signature):
    # One by one: as one string, with its copies, they would take 6 KB of RAM at once.
    for name, value in fields(headers):
        yield name + b": "
        yield value
        yield b"\r\n"
    yield unsigned
    yield f"authorization: {begin}".encode()
    # The same as signed_names() of canonical_request.py, which has been freed by now.
    end = b""
    for name, _ in fields(headers):
        yield end + name
        end = b";"
    yield f", Signature={signature}\r\n\r\n".encode()
