"""The SNTP server of the simulator, checked byte by byte against RFC 5905, figure 8."""

import datetime
import socket
import threading
import time

import pytest
from megacam.sim.ntp_server import MISBEHAVIOURS, NTPServer, stamp

# 8 bytes that the server returns as the originate timestamp.
NONCE = bytes.fromhex("e7a1b2c3d4e5f607")
VERSION_4_CLIENT = 0x23


def ask(server, first=VERSION_4_CLIENT, size=48, timeout_s=2.0):
    request = (bytes([first, 0, 6, 0xEC]) + bytes(36) + NONCE)[:size]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout_s)
        client.connect((server.host, server.port))
        client.send(request)
        return client.recv(512)


def unix_s(packet, at):
    """Return the Unix time of the 64-bit timestamp at offset `at` (era 0 starts in 1900)."""
    seconds = int.from_bytes(packet[at : at + 8], "big") / 2**32
    epoch = datetime.datetime(1900, 1, 1, tzinfo=datetime.timezone.utc)
    return (epoch + datetime.timedelta(seconds=seconds)).timestamp()


def test_an_honest_reply_has_every_field_of_the_rfc():
    with NTPServer() as server:
        before_s = time.time()
        packet = ask(server)
        after_s = time.time()
    assert len(packet) == 48
    leap, version, mode = packet[0] >> 6, packet[0] >> 3 & 7, packet[0] & 7
    assert (leap, version, mode) == (0, 4, 4)
    assert packet[1] == 1
    assert packet[2] == 6
    assert packet[24:32] == NONCE
    received_s, sent_s = unix_s(packet, 32), unix_s(packet, 40)
    assert before_s - 1e-3 <= received_s <= sent_s <= after_s + 1e-3


def test_the_version_of_the_request_comes_back():
    with NTPServer() as server:
        assert ask(server, first=0x1B)[0] == 0x1C


def test_an_offset_moves_the_time():
    with NTPServer(offset_s=-3.25, now=lambda: 1_800_000_000.5) as server:
        assert unix_s(ask(server), 40) == pytest.approx(1_799_999_997.25, abs=1e-6)


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        ((1970, 1, 1), 2_208_988_800),  # RFC 5905, figure 4
        ((1999, 12, 31), 3_155_587_200),  # RFC 5905, figure 4: last day of the 20th century
        ((2036, 2, 7, 6, 28, 16), 0),  # the first second of era 1
        ((2036, 2, 8), 63_104),  # RFC 5905, figure 4
    ],
)
def test_stamps_are_those_of_the_rfc_even_after_the_wrap(moment, seconds):
    unix = datetime.datetime(*moment, tzinfo=datetime.timezone.utc).timestamp()
    assert stamp(unix) == seconds << 32


@pytest.mark.parametrize(
    ("name", "leap", "stratum", "code"),
    [("kiss-of-death", 3, 0, b"RATE"), ("not-synchronised", 3, 16, b"INIT")],
)
def test_a_server_that_refuses_or_knows_no_time_says_so(name, leap, stratum, code):
    with NTPServer(name) as server:
        packet = ask(server)
    assert (packet[0] >> 6, packet[1], packet[12:16]) == (leap, stratum, code)


def test_the_other_misbehaviours_do_what_their_name_says():
    with NTPServer("zero-stamp") as server:
        assert ask(server)[40:48] == bytes(8)
        server.misbehaviour = "other-originate"
        assert ask(server)[24:32] != NONCE
        server.misbehaviour = "wrong-mode"
        assert ask(server)[0] & 7 == 3
        server.misbehaviour = "short"
        assert len(ask(server)) == 40
        server.misbehaviour = "wrong-year"
        assert unix_s(ask(server), 40) == 1_546_300_800
        server.misbehaviour = ""
        assert ask(server)[24:32] == NONCE
    assert server.requests == 6


@pytest.mark.parametrize("name", ["silence", "other-source"])
def test_a_connected_client_hears_nothing(name):
    with NTPServer(name) as server, pytest.raises(TimeoutError):
        ask(server, timeout_s=0.3)
    assert server.requests == 1


def test_a_reply_from_another_source_is_sent_from_another_port():
    with (
        NTPServer("other-source") as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.settimeout(2)
        client.sendto(bytes([VERSION_4_CLIENT]) + bytes(47), (server.host, server.port))
        packet, (_, port) = client.recvfrom(512)
    assert (len(packet), port == server.port) == (48, False)


@pytest.mark.parametrize("bad", [{"size": 47}, {"first": 0x24}])
def test_a_packet_that_is_no_request_is_not_answered(bad):
    with NTPServer() as server:
        with pytest.raises(TimeoutError):
            ask(server, timeout_s=0.3, **bad)
        assert len(ask(server)) == 48


def test_an_unknown_misbehaviour_is_refused_by_name():
    with pytest.raises(ValueError, match=r"'slow'.*silence"):
        NTPServer("slow")
    with NTPServer() as server, pytest.raises(ValueError, match="'slow'"):
        server.misbehaviour = "slow"
    assert all(MISBEHAVIOURS.values())


def test_it_is_gone_after_the_block_even_after_an_exception():
    threads = threading.active_count()
    with pytest.raises(KeyError), NTPServer() as server:
        raise KeyError("in the block")
    assert threading.active_count() == threads
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind((server.host, server.port))
