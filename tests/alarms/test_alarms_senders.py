"""alarms/senders.py on the wire: what each service gets, and what happens when it does not."""

import json
import socket
import threading

import pytest
import trustme
from megacam.alarms import look, senders, settings
from megacam.alarms.senders import Message, SendError

pytest_plugins = "local_aws"
SECRET = "tk_never_to_be_shown"
LINK = "https://photos.example/cam1/newest.jpg?X-Amz-Signature=secret"
MESSAGE = Message("cam1-5-late", "cam1", "late", 5, "cam1: late", "no photo for 6 min ä", LINK)


def _chosen(receiver):
    """Return the three senders by HTTPS, each with a secret, as alarms.json makes them."""
    text = json.dumps(
        {
            "ntfy": {"url": f"{receiver.url}/garden-{SECRET}", "token": SECRET},
            "telegram": {"chat": -1001, "token": f"123:{SECRET}", "server": receiver.url},
            "webhook": {"url": f"{receiver.url}/hooks/{SECRET}", "token": SECRET},
        }
    )
    return settings.parse(text).senders(lambda region: None)


def test_ntfy_gets_what_its_documentation_asks_for(receiver):
    _chosen(receiver)[0].send(MESSAGE)
    [(path, headers, body, _)] = receiver.got
    # https://docs.ntfy.sh/publish/#publish-as-json: POST to the root, topic in the JSON.
    assert path == "/" and headers["Authorization"] == f"Bearer {SECRET}"
    assert body == {
        "topic": f"garden-{SECRET}",
        "title": "cam1: late",
        "message": "no photo for 6 min ä",
        "priority": 4,
        "tags": ["warning"],
        "click": LINK,
        "attach": LINK,
        "filename": "photo.jpg",
    }


def test_telegram_gets_what_its_documentation_asks_for(receiver):
    _chosen(receiver)[1].send(MESSAGE)
    [(path, headers, body, _)] = receiver.got
    assert path == f"/bot123:{SECRET}/sendMessage"
    assert headers["Content-Type"] == "application/json"
    assert body == {"chat_id": "-1001", "text": f"cam1: late\nno photo for 6 min ä\n{LINK}"}


def test_a_webhook_gets_all_there_is(receiver):
    _chosen(receiver)[2].send(MESSAGE)
    [(path, headers, body, _)] = receiver.got
    assert path == f"/hooks/{SECRET}" and headers["Authorization"] == f"Bearer {SECRET}"
    assert body == {
        "id": "cam1-5-late",
        "device": "cam1",
        "kind": "late",
        "time": 5,
        "title": "cam1: late",
        "text": "no photo for 6 min ä",
        "link": LINK,
    }


def test_without_a_photo_there_is_no_link(receiver):
    for sender in _chosen(receiver):
        sender.send(Message("i", "cam1", "late", 5, "cam1: late", "no photo yet"))
    ntfy, telegram, webhook = (body for _, _, body, _ in receiver.got)
    assert "click" not in ntfy and telegram["text"] == "cam1: late\nno photo yet"
    assert webhook["link"] == ""


@pytest.mark.parametrize(
    ("status", "is_final", "words"),
    [
        (401, True, "check its token"),
        (404, True, "check its address"),
        (302, True, "a redirect, which is not followed"),
        (429, False, "429"),
        (503, False, "503"),
    ],
)
def test_a_refusal_is_one_sentence_without_the_secret(receiver, status, is_final, words):
    receiver.headers["Location"] = f"{receiver.url}/elsewhere"
    for sender in _chosen(receiver):
        receiver.statuses = [status]
        with pytest.raises(SendError, match=words) as caught:
            sender.send(MESSAGE)
        assert caught.value.is_final is is_final
        assert str(caught.value).startswith(f"{sender.name}: localhost:")
        _assert_no_secret(caught)
    assert len(receiver.got) == 3, "nothing was sent elsewhere"


def _assert_no_secret(caught):
    error = caught.value
    shown = [str(error), repr(error), repr(error.__cause__)]
    if not error.__suppress_context__:
        shown.append(repr(error.__context__))
    assert SECRET not in " ".join(shown) and "Signature" not in " ".join(shown)


def test_a_certificate_that_does_not_verify_is_refused(receiver, monkeypatch, tmp_path):
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
    for sender in _chosen(receiver):
        with pytest.raises(
            SendError, match=r"certificate that does not verify.*SSL_CERT_FILE"
        ) as caught:
            sender.send(MESSAGE)
        _assert_no_secret(caught)
    assert receiver.got == []


def test_a_server_that_is_not_there_is_one_sentence(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sender = senders.Webhook(f"https://localhost:{port}/{SECRET}")
    with pytest.raises(SendError, match="cannot be reached") as caught:
        sender.send(MESSAGE)
    _assert_no_secret(caught)


def test_one_sender_that_hangs_or_fails_keeps_no_other_waiting(receiver):
    hangs, refuses, works = _chosen(receiver)
    receiver.silent.add("/")
    results = look.send([(hangs, [MESSAGE])], limit_s=0.2, pause_s=0)
    assert results == {("cam1-5-late", "ntfy"): "ntfy: no answer in 0.2 s"}
    work = [(hangs, [MESSAGE]), (works, [MESSAGE])]
    sending = threading.Thread(target=lambda: results.update(look.send(work, limit_s=120)))
    sending.start()
    assert receiver.came.wait(120)
    receiver.ends.set()  # only now, so the other one was not kept waiting
    sending.join()
    assert results["cam1-5-late", "webhook"] == ""
    assert results["cam1-5-late", "ntfy"] != ""
    receiver.statuses = [403]
    [fault] = look.send([(refuses, [MESSAGE])], pause_s=0).values()
    assert fault.startswith("telegram: localhost:")
    assert [status for *_, status in receiver.got] == [200, 403]


def test_what_may_pass_is_tried_twice_and_a_refusal_once(receiver):
    *_, webhook = _chosen(receiver)
    receiver.statuses = [503, 200, 503, 503, 404]
    for expected in ("", "webhook", "webhook"):
        [fault] = look.send([(webhook, [MESSAGE])], pause_s=0).values()
        assert fault.startswith(expected) and bool(fault) == bool(expected)
    assert [status for *_, status in receiver.got] == [503, 200, 503, 503, 404]


def test_sns_publishes_to_the_topic(account):
    client = account.aws.client("sqs")
    queue = client.create_queue(QueueName="alarms")["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns = account.aws.client("sns")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    target = arn["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
             "Action": "sqs:SendMessage", "Resource": target}  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    client.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=target)
    regions = []

    def connect(region):
        regions.append(region)
        return sns

    [sender] = settings.parse(json.dumps({"sns": {"topic": topic}})).senders(connect)
    sender.send(MESSAGE)
    [got] = client.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    said = json.loads(got["Body"])
    assert said["Subject"] == "cam1: late" and said["Message"] == f"no photo for 6 min ä\n{LINK}"
    assert regions == [account.aws.region]


def test_sns_without_the_topic_is_one_sentence(account):
    topic = f"arn:aws:sns:{account.aws.region}:000000000000:gone"
    with pytest.raises(SendError, match=r"sns: AWS refused the message \(NotFound"):
        senders.Sns(topic, lambda region: account.aws.client("sns")).send(MESSAGE)


def test_no_repr_shows_a_secret(receiver):
    text = json.dumps({"mqtt": {"server": "broker", "user": "me", "password": SECRET},
                       "webhook": {"url": f"https://x.example/{SECRET}"}})  # fmt: skip
    found = settings.parse(text)
    shown = [repr(found), repr(found.broker), repr(MESSAGE), *map(repr, _chosen(receiver))]
    assert SECRET not in " ".join(shown) and "Signature" not in " ".join(shown)
