"""A store that has S3 and IAM and nothing else of AWS: what is not asked for is not missed."""

import pytest
from megacam.aws import AwsError
from megacam.cloud import create, destroy, show
from megacam.cloud.spec import CloudSpec
from megacam.errors import MegacamError
from megacam.sim.store import Store

pytest_plugins = "local_aws"


@pytest.fixture(scope="module")
def store():
    with Store(services=("s3", "iam", "sts")) as running:
        yield running


@pytest.fixture
def small(store, monkeypatch):
    import local_aws

    local_aws.sign_in(monkeypatch, store)
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.endpoint)
    return local_aws.Account(store)


def _plan(account, **wanted):
    return create.plan(account.aws, CloudSpec(account.bucket, "cam1", **wanted))


def test_a_bucket_is_made_shown_and_removed(small):
    _plan(small, keep_days=30).make()
    assert _plan(small).changes == []
    report = show.report(small.aws, small.bucket)
    assert [(one.name, one.put_only) for one in report.devices] == [("cam1", True)]
    assert report.budget_usd is None
    assert report.budget_remark == "not possible: this store has no AWS Budgets"
    destroy.plan(small.aws, small.bucket, photos=True).make()
    with pytest.raises(MegacamError, match="there is no bucket"):
        show.report(small.aws, small.bucket)


@pytest.mark.parametrize(
    ("wanted", "service"),
    [
        ({"budget_usd": 5, "budget_email": "owner@example.org"}, "Budgets"),
        ({"site": True}, "CloudFront"),
        ({"digest": True, "film": False}, "SQS"),
        ({"iot": True}, "AWS IoT"),
    ],
)
def test_what_the_store_cannot_do_is_one_sentence_before_anything_is_changed(
    small, wanted, service
):
    with pytest.raises(MegacamError) as refused:
        _plan(small, **wanted)
    assert service in str(refused.value)
    assert "leave out" in str(refused.value)
    assert "400" not in str(refused.value)


def test_an_answer_that_is_not_even_xml_is_no_traceback(small):
    with pytest.raises(AwsError, match=r"has no SNS \(ListTopics\)") as refused:
        small.aws.call("sns", "list_topics")
    assert refused.value.no_service
