"""firmware/wifi*.py on a simulated board, whose radio has the habits of the ESP32's driver."""

import pytest
from megacam import device_tree
from megacam.sim.board import Board

BARN = {"ssid": "Barn", "password": "hay hay hay", "rssi": -61}
SHED = {"ssid": "Shed", "password": "", "rssi": -48}
ADDRESS = ["192.168.1.9", "255.255.255.0", "192.168.1.1", "192.168.1.1"]
FILES = device_tree.build()
_CONNECT = """
import time
from firmware import credentials, wifi, wifi_join
from firmware.errors import WiFiError
section = {{"hostname": "porch", "power_save": {power_save!r}}}
def connect(stage=0):
    start = time.ticks_ms()
    try:
        said = wifi_join.connect(section, stage)
    except WiFiError as e:
        said = e
    assert time.ticks_diff(time.ticks_ms(), start) < 70000
    print(said)
credentials.save("wifi", {known!r})
{then}
"""


@pytest.fixture
def board(tmp_path):
    with Board(tmp_path, FILES, networks=[BARN, SHED], fast=True) as board:
        yield board


def _known(ap):
    return {key: ap[key] for key in ("ssid", "password", "hidden", "address") if key in ap}


def connect(board, *networks, then="connect()", power_save="none"):
    known = [_known(ap) for ap in networks]
    return board.exec(_CONNECT.format(known=known, then=then, power_save=power_save)).strip()


def test_the_strongest_known_network_is_joined_first(board):
    assert connect(board, BARN, SHED) == "('Shed', '127.0.0.1')"
    assert connect(board, BARN).startswith("('Barn'")


def test_of_several_access_points_of_one_name_the_strongest_counts(board):
    board.world.radio.networks = [{**BARN, "rssi": -40}, {**BARN, "rssi": -90}, SHED]
    assert connect(board, SHED, BARN).startswith("('Barn'")


def test_a_link_that_is_up_is_left_alone(board):
    assert connect(board, BARN, then="connect()\nconnect()\nconnect(3)").split("\n")[1:] == [
        "None",
        "None",
    ]
    assert board.world.radio.cycles == 0


def test_a_hidden_network_is_tried_only_if_it_is_said_to_be_hidden(board):
    cellar = {**BARN, "ssid": "Cellar", "hidden": True}
    board.world.radio.networks = [cellar, BARN]
    assert connect(board, cellar).startswith("('Cellar'")
    assert connect(board, {**BARN, "ssid": "Cellar"}).startswith(
        "'Cellar' not found (seen: 'Barn'"
    )


def test_what_shows_itself_comes_before_what_is_hidden(board):
    cellar = {**BARN, "ssid": "Cellar", "hidden": True, "rssi": -20}
    board.world.radio.networks = [cellar, BARN]
    assert connect(board, cellar, BARN).startswith("('Barn'")


def test_an_address_of_its_own_needs_no_dhcp_and_ends_with_the_network(board):
    board.world.radio.networks = [{**BARN, "dhcp": False}]
    assert connect(board, {**BARN, "address": ADDRESS}) == "('Barn', '192.168.1.9')"
    fixed = {**SHED, "password": "not open", "address": ADDRESS}
    board.world.radio.networks = [BARN, SHED]
    assert connect(board, fixed, BARN) == "('Barn', '127.0.0.1')"


@pytest.mark.parametrize(("word", "pm"), [("none", 0), ("min", 1), ("max", 2)])
def test_hostname_and_power_save_reach_the_radio(board, word, pm):
    connect(board, BARN, power_save=word)
    assert board.world.radio.hostname() == "porch"
    assert board.world.radio.power_save == pm


def test_a_network_that_is_not_there_is_named_with_what_was_seen_instead(board):
    said = connect(board, {**BARN, "ssid": "Attic"})
    assert said.startswith("'Attic' not found (seen: 'Shed' -48 dBm, 'Barn' -61 dBm)")
    board.world.radio.networks = []
    assert "(seen: none at all)" in connect(board, BARN)


@pytest.mark.parametrize("refusal", [202, 1001])
def test_a_wrong_password_is_said_without_showing_it(board, refusal):
    board.world.radio.networks = [{**BARN, "refusal": refusal}]
    said = connect(board, {**BARN, "password": "straw straw"})
    assert said.startswith("'Barn' refused us, probably a wrong password")
    assert "straw" not in said


def test_a_router_without_dhcp_is_said(board):
    board.world.radio.networks = [{**BARN, "dhcp": False}]
    assert connect(board, BARN).startswith("'Barn' gave us no address; check the router's DHCP")


def test_the_next_network_is_tried_when_the_strongest_refuses(board):
    assert connect(board, BARN, {**SHED, "password": "not open"}).startswith("('Barn'")


def test_every_network_that_was_tried_is_explained(board):
    board.world.radio.networks = [{**BARN, "dhcp": False}, SHED]
    said = connect(board, BARN, {**SHED, "password": "not open"})
    assert said.index("'Shed' refused us") < said.index("'Barn' gave us no address")


def test_the_status_of_an_earlier_failure_is_not_believed(board):
    # 202 stands until there is an address, also while the next network is being joined.
    assert connect(board, {**SHED, "password": "not open"}, BARN).startswith("('Barn'")


def test_no_network_at_all_names_the_way_out(board):
    assert "run `megacam provision`" in connect(board)


def test_a_neighbour_with_a_strange_name_does_no_harm(board):
    board.world.radio.networks = [{"ssid": "\udcff\n\x00", "rssi": -30}, BARN]
    assert connect(board, BARN).startswith("('Barn'")
    said = connect(board, {**BARN, "ssid": "Attic"})
    assert "\n" not in said and "-30 dBm" in said


# Stages: the driver mends a short outage; joining anew; the radio off and on.


_BLINK = "connect()\nimport network\nnetwork.WLAN(0).blink({})\n"


def test_a_link_that_the_driver_mends_itself_is_waited_for(board):
    lines = connect(board, BARN, then=_BLINK.format(2000) + "connect(0)").split("\n")
    assert lines[1] == "('Barn', '127.0.0.1')"


def test_a_second_connect_never_runs_while_one_does(board):
    lines = connect(board, BARN, then=_BLINK.format(9000) + "connect(1)\nconnect(0)").split("\n")
    assert "Wifi Internal Error" not in "".join(lines)
    assert "not found" in lines[1]


def test_a_stuck_radio_is_switched_off_and_on_at_the_third_try(board):
    then = "import network\nnetwork.WLAN(0).jam()\nconnect(0)\nconnect(1)\nconnect(2)"
    lines = connect(board, BARN, then=then).split("\n")
    assert [line.startswith("('Barn'") for line in lines] == [False, False, True]
    assert board.world.radio.cycles == 1


def test_a_radio_that_does_not_start_is_one_sentence(board):
    then = "import network\nnetwork.WLAN(0).jam(True)\nconnect()"
    assert connect(board, BARN, then=then).startswith("the radio does not work (")
