"""AWS IoT's role aliases at the HTTP level, because MiniStack does not have them.

pytest_plugins = ("local_aws", "role_aliases")
def test_something(account, aliases): aliases.known is {name: body of the request for it}
"""

import io
import json

import pytest
from botocore.awsrequest import AWSResponse


class Raw(io.BytesIO):
    """The body of an answer, as urllib3 would pass it on."""

    def stream(self, *args, **kwargs):
        yield self.read()


class RoleAliases:
    """AWS IoT's role aliases behind HTTP: GET, POST and DELETE /role-aliases/NAME."""

    def __init__(self):
        self.known = {}

    def answer(self, request, **_):
        name = request.url.split("/role-aliases/")[1]
        if request.method == "POST":
            self.known[name] = json.loads(request.body)
            return self._json(request, 200, {"roleAlias": name})
        if name not in self.known:
            return self._json(request, 404, {"message": "none"}, "ResourceNotFoundException")
        if request.method == "DELETE":
            del self.known[name]
        return self._json(request, 200, {"roleAliasDescription": {"roleAlias": name}})

    def _json(self, request, status, data, error=""):
        headers = {"x-amzn-errortype": error} if error else {}
        return AWSResponse(request.url, status, headers, Raw(json.dumps(data).encode()))


def answer_role_aliases(account):
    """Add role aliases to an account of local_aws and return them."""
    found = RoleAliases()
    for operation in ("CreateRoleAlias", "DescribeRoleAlias", "DeleteRoleAlias"):
        account.client("iot").meta.events.register(f"before-send.iot.{operation}", found.answer)
    return found


@pytest.fixture
def aliases(account):
    return answer_role_aliases(account)
