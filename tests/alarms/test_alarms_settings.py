"""alarms.json: what it may say, and errors that name the entry and the remedy but no secret."""

import json
import re
from pathlib import Path

import pytest
from megacam.alarms import settings
from megacam.alarms.settings import AlarmsError

SECRET = "tk_never_to_be_shown"
PAGE = Path(__file__).parents[2] / "docs" / "alarms.md"
ARN = "arn:aws:sns:eu-central-1:123456789012:alarms"


def test_the_example_of_the_documentation_is_right():
    [text] = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)[:1]
    found = settings.parse(text)
    names = [sender.name for sender in found.senders(lambda region: None)]
    assert names == ["ntfy", "telegram", "webhook", "sns"]
    assert found.broker and found.quiet and found.link_hours == 24


def test_without_anything_there_is_nobody_to_tell():
    found = settings.parse("{}")
    assert (found.senders(lambda region: None), found.broker, found.quiet) == ([], None, None)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("{", "is not valid JSON .line 1.; docs/alarms.md has an example"),
        ("[" * 100_000, "is not valid JSON; docs"),
        ("[]", "must be an object"),
        ({"ntfi": {}}, "unknown entry 'ntfi'; did you mean ntfy?"),
        ({"ntfy": {"url": "https://ntfy.sh/t", "tokn": SECRET}}, "'tokn'; did you mean token?"),
        ({"ntfy": f"https://ntfy.sh/{SECRET}"}, r'ntfy must be an object such as {"url": "..."'),
        ({"ntfy": {"token": SECRET}}, "ntfy.url must be a text"),
        ({"ntfy": {"url": 5}}, "ntfy.url must be a text"),
        ({"ntfy": {"url": "http://ntfy.sh/" + SECRET}}, "ntfy.url must begin with https://"),
        ({"ntfy": {"url": "https://ntfy.sh"}}, "must end with the topic"),
        ({"webhook": {"url": "https://[x/" + SECRET}}, "webhook.url must begin with https://"),
        ({"webhook": {"url": "https:///" + SECRET}}, "webhook.url must begin with https://"),
        (
            {"webhook": {"url": "https://x/y", "token": SECRET + "\r\nHost: z"}},
            "webhook.token must",
        ),
        ({"telegram": {"chat": 5}}, "telegram.token must be a text"),
        ({"sns": {"topic": "alarms"}}, "sns.topic must be like arn:aws:sns:"),
        ({"mqtt": {"server": "mqtt://me:" + SECRET + "@host"}}, "the MQTT server must be HOST"),
        ({"mqtt": {"server": "http://host"}}, "the MQTT server must be HOST"),
        ({"mqtt": {"server": "host:123456"}}, "the MQTT server must be HOST"),
        ({"quiet": "22-7"}, "quiet is '22-7'; it must be like 22:00-07:00"),
        ({"quiet": "07:00-07:00"}, "must be like"),
        ({"quiet": "07:00-24:30"}, "must be like"),
        ({"quiet": 22}, "must be like"),
        ({"quiet": "22:00-07:00", "timezone": "Berlin"}, "a name such as Europe/Berlin"),
        ({"timezone": 5}, "a name such as Europe/Berlin"),
        ({"link_hours": 200}, "link_hours is 200; it must be up to 168"),
        ({"link_hours": True}, "it must be up to 168"),
    ],
)
def test_a_mistake_is_one_sentence_without_the_secret(raw, words):
    text = raw if isinstance(raw, str) else json.dumps(raw)
    with pytest.raises(AlarmsError, match=words) as caught:
        settings.parse(text, "alarms.json")
    shown = f"{caught.value} {caught.value.__cause__!r}"
    assert SECRET not in shown and "\n" not in shown
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_file_that_is_not_there_or_not_text_is_one_sentence(tmp_path):
    with pytest.raises(AlarmsError, match=r"cannot read .*No such file"):
        settings.read(tmp_path / "alarms.json")
    file = tmp_path / "alarms.json"
    file.touch(0o600)
    file.write_bytes(b"\xff\xfe{\0}\0")
    with pytest.raises(AlarmsError, match="is not in UTF-8"):
        settings.read(file)
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps({"sns": {"topic": ARN}}).encode())
    assert list(settings.read(file).chosen) == ["sns"]


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ("homeassistant.local", "mqtt://homeassistant.local"),
        ("10.0.0.2:1884", "mqtt://10.0.0.2:1884"),
        ("mqtts://broker.example", "mqtts://broker.example"),
    ],
)
def test_a_broker_is_a_host_or_an_address(server, url):
    assert settings.broker(server).server == url
