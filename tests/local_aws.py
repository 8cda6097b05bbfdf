"""A local AWS account for the cloud tests: one MiniStack with IAM for the whole run.

pytest_plugins = "local_aws"
def test_something(account): account.aws, account.bucket ...  # a stand-in at AWS_ENDPOINT_URL
def test_something(amazon): the same at Amazon's addresses, with the condition keys of S3
"""

import atexit
import contextlib
import functools
import itertools
import os
import socket
import ssl
import urllib.parse

import pytest
import quick_botocore  # noqa: F401
from megacam.aws import AccessKey, Aws
from megacam.board import builds
from megacam.sim.store import Store

REGION = "eu-central-1"
_SERVICES = (
    *("s3", "iam", "sts", "iot", "cloudformation", "budgets", "cloudfront"),
    *("sns", "sqs", "lambda", "logs", "events", "ssm"),
)
_AMAZON = ".amazonaws.com"
_numbers = itertools.count(1)
# MiniStack's IAM knows the operator Null, but its S3 does not pass If-None-Match on to IAM. And
# AWS's S3 accepts no value but "*" for it: https://github.com/aws/aws-sdk-ruby/issues/3144.
_AS_AT_AWS = """
from ministack.core import iam_actions
from ministack.services import s3

_plain = iam_actions.s3_service_context


def _with_header(action, query, path="", headers=None):
    found = dict(_plain(action, query, path, headers))
    value = {name.lower(): value for name, value in (headers or {}).items()}.get("if-none-match")
    if action == "s3:PutObject" and value:
        found["s3:if-none-match"] = value
    return found


iam_actions.s3_service_context = _with_header
_preconditions = s3._check_put_preconditions


def _asterisk_only(headers, there):
    if headers.get("if-none-match", "*").strip() != "*":
        text = "A header you provided implies functionality that is not implemented"
        return s3._error("NotImplemented", text, 501)
    return _preconditions(headers, there)


s3._check_put_preconditions = _asterisk_only
"""
# MiniStack's policy simulator does not know ARNs with a path, nor the context of a request.
_SIMULATOR = """
import functools

from ministack.core import iam_evaluator
from ministack.services import iam

_simulate = iam._simulate_principal_policy
_context = iam_evaluator.EvalContext


def _with_context(asked):
    names = [name for name in asked if name.endswith("ContextKeyName")]
    value = "ContextKeyValues.member.1"
    found = {
        iam._p(asked, name).lower(): iam._p(asked, name.replace("ContextKeyName", value))
        for name in names
    }
    kind, _, name = iam._p(asked, "PolicySourceArn").partition("/")
    asked = {**asked, "PolicySourceArn": [f"{kind}/{name.rpartition('/')[2]}"]}
    iam_evaluator.EvalContext = functools.partial(_context, service_context=found)
    try:
        return _simulate(asked)
    finally:
        iam_evaluator.EvalContext = _context


iam._simulate_principal_policy = _with_context
for _handlers in vars(iam).values():
    if isinstance(_handlers, dict) and "SimulatePrincipalPolicy" in _handlers:
        _handlers["SimulatePrincipalPolicy"] = _with_context
"""


class AmazonStore(Store):
    """MiniStack with Amazon's names in its certificate and conditional puts as on AWS."""

    more_names = ()

    def _environment(self, folder, port):
        found = super()._environment(folder, port)
        (folder / "sitecustomize.py").write_text(_AS_AT_AWS + _SIMULATOR)
        return {
            **found,
            "PYTHONPATH": os.pathsep.join((str(folder), found["PYTHONPATH"])),
        }

    def _make_certificate(self, folder):
        import trustme

        self.ca = ca = trustme.CA(organization_name="megacam tests")
        names = [f"*.s3.{REGION}", f"s3.{REGION}", f"*.{REGION}", "*"]
        named = [name + _AMAZON for name in names]
        leaf = ca.issue_cert("localhost", *named, *self.more_names)
        leaf.private_key_pem.write_to_path(folder / "server.key")
        for blob in leaf.cert_chain_pems:
            blob.write_to_path(folder / "server.pem", append=True)
        self.ca_pem = folder / "ca.pem"
        ca.cert_pem.write_to_path(self.ca_pem)
        self.ca_der = ssl.PEM_cert_to_DER_cert(ca.cert_pem.bytes().decode())


@functools.cache
def _store(kind=Store):
    running = contextlib.ExitStack()
    atexit.register(running.close)
    return running.enter_context(kind(services=_SERVICES))


class Account:
    """The owner's access to the store, with a different bucket name for each test."""

    def __init__(self, store):
        self.store = store
        self.aws = Aws(region=REGION)
        self.bucket = f"garden-photos-{next(_numbers)}"

    def client(self, service):
        """Return a boto3 client that bypasses the code under test."""
        return self.aws.client(service)

    def s3_as(self, key: AccessKey):
        """Return an S3 client with a device's key that bypasses the code under test."""
        return self.store.client_with_key("s3", key.access_key_id, key.secret_access_key)

    def object_keys(self):
        """Return the keys of all objects in the bucket."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]


def sign_in(monkeypatch, store):
    for name in [name for name in os.environ if name.startswith(("AWS_", "MEGACAM_"))]:
        if name != builds.FOLDER:
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(store.ca_pem))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.fixture
def account(monkeypatch):
    store = _store()
    sign_in(monkeypatch, store)
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.endpoint)
    return Account(store)


@pytest.fixture
def amazon(monkeypatch):
    store = _store(AmazonStore)
    sign_in(monkeypatch, store)
    port = urllib.parse.urlsplit(store.endpoint).port
    resolve = socket.getaddrinfo

    def name_server(host, service, *rest, **more):
        if str(host).endswith(_AMAZON):
            return resolve("127.0.0.1", port, *rest, **more)
        return resolve(host, service, *rest, **more)

    # Only name resolution differs from AWS: host names, TLS and signatures are the same.
    monkeypatch.setattr(socket, "getaddrinfo", name_server)
    return Account(store)
