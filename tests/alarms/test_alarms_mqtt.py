"""Home Assistant by MQTT: a real broker, and its own schemas of discovery messages."""

import json
import threading

import jinja2
import pytest
import trustme
from alarms.conftest import NOON, SECRET
from alarms.homeassistant_asked import home_assistant_says
from megacam.alarms import homeassistant, settings
from megacam.alarms.look import Look
from megacam.alarms.mqtt import MqttError, Publisher
from megacam.alarms.seen import Seen
from servers.mosquitto import HomeAssistant, Mosquitto, needs_mosquitto
from servers.running import issue

LINK = "https://photos.example/newest.jpg?X-Amz-Signature=abc"
WELL = Look(
    Seen("cam1", NOON - 12, NOON, rssi_dbm=-64, waiting=3, version="0.3.0"), None, {}, [], []
)
BAD = Look(
    Seen("cam1", NOON - 900, NOON, rssi_dbm=-64, battery_mv=3350, low_mv=3300),
    None,
    {"late": "late: no photo for 15 min", "battery": "battery low: 3,350 mV"},
    [],
    [],
)

BARE = Look(Seen("cam1"), None, {}, [], [])


def _described(found, bucket="my-photos"):
    topics = homeassistant.Topics(bucket)
    said = homeassistant.discovery(topics, found, "0.3.0", 900)
    return topics.discovery(found.seen.device), said


def test_a_camera_is_a_device_with_entities():
    for found in (WELL, BAD, BARE):
        _, said = _described(found)
        platforms = {key: entity["platform"] for key, entity in said["components"].items()}
        usual = {"photo": "image", "problem": "binary_sensor", "age": "sensor",
                 "backlog": "sensor", "signal": "sensor"}  # fmt: skip
        assert platforms == (usual | {"battery": "sensor"} if found is BAD else usual)


def _change(path, value):
    """Return a description in which something is not as it should be; None: not there."""
    topic, said = _described(WELL)
    *parents, last = path.split(".")
    place = said
    for name in parents:
        place = place[name]
    place.pop(last, None)
    place |= {} if value is None else {last: value}
    return topic, said


WRONG = {
    ("origin", None): "required key not provided @ data['origin']",
    ("device.identifiers", None): "age: Device must have at least one identifying value",
    ("components.age.unit_of_measurement", "mV"): "age: duration with unit_of_measurement mV",
    ("components.signal.state_class", "total"): "signal: signal_strength with state_class total",
    ("components.age.expire_after", -1): "age: value must be at least 0",
    ("components.age.state_topic", None): "age: required key not provided",
    ("components.age.state_topic", "a/#/b"): "age: Multi-level wildcard must be the last",
    ("components.age.unique_id", None): "age: has no unique_id",
    ("components.age.url_topic", "x"): "age: ignores url_topic",
    ("components.signal.entity_category", "other"): "signal: expected EntityCategory",
    ("components.problem.device_class", "trouble"): "problem: expected BinarySensorDeviceClass",
    ("components.problem.json_attributes_template", "{{ a |"): "problem: invalid template",
    ("components.photo.url_topic", None): "photo: Expected one of",
    ("components.photo.image_topic", "x"): "photo: ",
}


def test_home_assistant_s_own_schemas_accept_the_descriptions_and_find_what_is_wrong():
    names = ("cam.1", "cam+1", "cam#1", "c/m", "käm")
    well = [_described(found) for found in (WELL, BAD, BARE)]
    well += [_described(Look(Seen(name), None, {}, [], []), "photos.example") for name in names]
    wrong = [_change(*one) for one in WRONG] + [("homeassistant/device/a b/config", well[0][1])]
    said = home_assistant_says([*well, *wrong])
    assert said[: len(well)] == [[]] * len(well)
    for expected, found in zip((*WRONG.values(), "illegal topic"), said[len(well) :], strict=True):
        assert any(fault.startswith(expected) for fault in found), (expected, found)


def test_buckets_and_cameras_with_any_name_have_identities_of_their_own():
    names = ["cam1", "cam.1", "cam+1", "cam#1", "c/m", "käm", "cam_1"]
    topics = homeassistant.Topics("photos.example.org")
    seen = set()
    for name in names:
        found = Look(Seen(name), None, {}, [], [])
        described = homeassistant.discovery(topics, found, "0.3.0", 900)["components"]
        assert len({entity["unique_id"] for entity in described.values()}) == len(described)
        seen |= {topics.discovery(name), topics.state(name), topics.image(name)}
    assert len(seen) == 3 * len(names)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (WELL, {"age": "12", "backlog": "3", "signal": "-64", "problem": "OFF"}),
        (BAD, {"age": "900", "backlog": "None", "battery": "3350", "problem": "ON"}),
    ],
)
def test_the_templates_find_the_values(found, expected):
    _, said = _described(found)
    state = json.loads(json.dumps(homeassistant.values(found, NOON)))
    for key, text in expected.items():
        template = jinja2.Template(said["components"][key]["value_template"])
        # Home Assistant takes "None" for unknown.
        assert template.render(value_json=state) == text
    template = said["components"]["problem"]["json_attributes_template"]
    attributes = json.loads(jinja2.Template(template).render(value_json=state))
    assert attributes == {"problems": list(found.problems.values())}


TOPICS = homeassistant.Topics("my-photos")


def _publisher(broker, said, scheme="mqtt", user="", password=""):
    server = f"{scheme}://localhost:{broker.port}"
    return Publisher(settings.broker(server, user, password), "my-photos", "0.3.0", said.append)


@needs_mosquitto
def test_a_camera_appears_with_its_values_and_its_photo(tmp_path):
    said = []
    with Mosquitto(tmp_path) as broker, _publisher(broker, said) as publisher:
        publisher.wait(60)
        publisher.publish(WELL, LINK, NOON, 900)
        with HomeAssistant(broker.port) as home:
            # It came later: all is retained.
            home.wait(TOPICS.image("cam1"), LINK)
            home.wait(
                TOPICS.availability, "online"
            ) if TOPICS.availability not in home.got else None
            home.reach(TOPICS.availability, TOPICS.discovery("cam1"), TOPICS.state("cam1"))
            assert home.got[TOPICS.availability] == "online"
            described = json.loads(home.got[TOPICS.discovery("cam1")])
            assert (TOPICS.discovery("cam1"), described) == _described(WELL)
            assert described["components"]["photo"]["url_topic"] == TOPICS.image("cam1")
            assert described["availability_topic"] == TOPICS.availability
            state = json.loads(home.got[TOPICS.state("cam1")])
            assert (state["age_s"], state["problem"]) == (12, "OFF")
            publisher.publish(BAD, LINK, NOON, 900)
            assert json.loads(home.wait(TOPICS.state("cam1")))["problem"] == "ON"
    assert said == []


@needs_mosquitto
def test_an_outage_of_the_broker_is_one_sentence_and_everything_comes_back(tmp_path):
    said = []
    back = threading.Event()

    class Said(list):
        def append(self, sentence):
            said.append(sentence)
            if "is back" in sentence:
                back.set()

    with Mosquitto(tmp_path) as broker, _publisher(broker, Said()) as publisher:
        publisher.wait(60)
        broker.stop()
        publisher.publish(WELL, LINK, NOON, 900)
        publisher.publish(BAD, LINK + "2", NOON, 900)
        broker.start()
        assert back.wait(60)
        with HomeAssistant(broker.port) as home:
            home.wait(TOPICS.image("cam1"), LINK + "2")
            home.reach(TOPICS.state("cam1"))
            assert json.loads(home.got[TOPICS.state("cam1")])["problem"] == "ON"
    assert said[-1].endswith("is back") and len(said) <= 3, said
    assert "broke the connection" in said[0]


@needs_mosquitto
def test_a_home_assistant_that_starts_gets_everything_again(tmp_path):
    with Mosquitto(tmp_path) as broker, _publisher(broker, []) as publisher:
        publisher.wait(60)
        publisher.publish(WELL, LINK, NOON, 900)
        with HomeAssistant(broker.port) as home:
            home.wait(TOPICS.image("cam1"), LINK)
            home.say("homeassistant/status", "online")
            home.wait(TOPICS.image("cam1"), LINK)


@needs_mosquitto
def test_a_wrong_password_is_one_sentence_without_it(tmp_path):
    said = []
    with Mosquitto(tmp_path, ("me", SECRET)) as broker:
        with _publisher(broker, said, user="me", password=SECRET[:-1]) as publisher:
            with pytest.raises(MqttError, match=r"refuses: .*; check mqtt.user and mqtt.password"):
                publisher.wait(60)
            assert SECRET[:-1] not in " ".join([*said, repr(publisher)])
        with _publisher(broker, said, user="me", password=SECRET) as publisher:
            publisher.wait(60)


@needs_mosquitto
def test_with_tls_the_certificate_is_verified(tmp_path, monkeypatch):
    authority = trustme.CA()
    for name, root in (("right.pem", authority), ("wrong.pem", trustme.CA())):
        root.cert_pem.write_to_path(tmp_path / name)
    with Mosquitto(tmp_path, certificate=issue(authority)) as broker:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "right.pem"))
        with _publisher(broker, [], "mqtts") as publisher:
            publisher.wait(60)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "wrong.pem"))
        with _publisher(broker, [], "mqtts") as publisher, pytest.raises(MqttError):
            publisher.wait(60)


def test_a_broker_that_is_not_there_is_one_sentence():
    said = []

    class Nowhere:
        port = 1

    with _publisher(Nowhere, said) as publisher:
        with pytest.raises(MqttError, match="MQTT broker localhost:1 cannot be reached"):
            publisher.wait(60)
        publisher.publish(WELL, LINK, NOON, 900)
    assert len(said) == 1
