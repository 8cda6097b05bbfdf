"""The headers of a request, one by one; a module of its own because two others need it in turn."""


def fields(headers):
    """Yield each (name, value) of the dict `headers` in order of name, as bytes.

    Names and values in `headers` are strings. But a name that ends with "=" is the beginning of
    several: its value is bytes with a line REST=VALUE for each, in order of REST. These take a
    quarter of the memory of a dict. MicroPython looks up each new string among all the names that
    it knows; it does not do that with bytes.
    """
    for name in sorted(headers):
        value = headers[name]
        if name[-1] != "=":
            yield name.encode(), value.encode()
            continue
        name = name[:-1].encode()
        at = 0
        while at < len(value):  # split() would take a KB at once
            end = value.find(b"\n", at)
            if end < 0:
                end = len(value)
            rest, _, one = value[at:end].partition(b"=")
            yield name + rest, one
            at = end + 1
