"""HTTPS to servers other than the store: certificates verified, faults told without secrets."""

import contextlib
import importlib
import ssl

import urllib3


def pool(url: str, connect_s: float, read_s: float) -> urllib3.PoolManager:
    """Return a pool of connections to `url` that verify certificates; it ignores proxies."""
    timeout = urllib3.Timeout(connect=connect_s, read=read_s)
    # Reading the roots takes longer than a request to a server nearby, which may have no TLS.
    if url.lower().startswith("http:"):
        return urllib3.PoolManager(timeout=timeout)
    context = ssl.create_default_context()
    # Pythons without roots of their own need certifi's; a Lambda has roots but no certifi.
    with contextlib.suppress(ModuleNotFoundError):
        context.load_verify_locations(importlib.import_module("certifi").where())
    return urllib3.PoolManager(ssl_context=context, timeout=timeout)


def reason(error: Exception) -> str:
    """Return why a request failed; the error's own text has the whole address."""
    kind = type(error).__name__
    if "SSL" in kind or "Certificate" in str(error):
        return (
            "has a certificate that does not verify; for a server of your own, name its root with "
            "the variable SSL_CERT_FILE"
        )
    if "Timeout" in kind:
        return "did not answer in time"
    if "NewConnection" in kind or "NameResolution" in kind:
        return "cannot be reached"
    return f"broke the connection ({kind})"
