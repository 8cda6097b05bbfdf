"""Puts of the S3 session on MicroPython to a server that stores each."""

from servers.scripted import CONTINUE

STORED = b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 0\r\n\r\n'


def put(**more):
    return {"op": "put", "key": "cam1/a.jpg", **more}


def store_all(peer):
    """Store the body of every request; a script for ScriptedServer."""
    while True:
        peer.read_head()
        peer.send(CONTINUE)
        peer.read_body()
        peer.body = b""
        peer.send(STORED)


def only(results):
    assert len(results) == 1
    return results[0]
