"""firmware/wifi.py and network/ on a simulated board whose radio behaves like an ESP32's."""

import pytest
from megacam.board import tree
from megacam.sim.board import Board

BARN = {"ssid": "Barn", "password": "hay hay hay", "rssi": -61}
SHED = {"ssid": "Shed", "password": "", "rssi": -48}
ADDRESS = ["192.168.1.9", "255.255.255.0", "192.168.1.1", "192.168.1.1"]
_CONNECT = """
import time
from firmware import wifi
from firmware import credentials
from firmware.network import join as wifi_join
from firmware.errors import NetworkError
section = {{"hostname": "porch", "power_save": {power_save!r}}}
def connect(stage=0, *limit):
    global took_ms
    start = time.ticks_ms()
    try:
        said = wifi_join.connect(section, stage, None, *limit)
    except NetworkError as e:
        said = str(e) + e.seen
    took_ms = time.ticks_diff(time.ticks_ms(), start)
    assert took_ms < 70000
    print(said)
credentials.save("wifi", {known!r})
{then}
"""


@pytest.fixture
def board(tmp_path):
    with Board(
        tmp_path, tree.placed(tree.build(at_prompt=True)), networks=[BARN, SHED], fast=True
    ) as board:
        yield board


def _known(ap):
    return {key: ap[key] for key in ("ssid", "password", "hidden", "address") if key in ap}


def connect(board, *networks, then="connect()", power_save="none"):
    known = [_known(ap) for ap in networks]
    return board.exec(_CONNECT.format(known=known, then=then, power_save=power_save)).strip()


def test_the_strongest_known_network_is_joined_first(board):
    assert connect(board, BARN, SHED) == "('Shed', '127.0.0.1')"
    assert connect(board, BARN).startswith("('Barn'")


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
        "I wifi seen networks=\"'Barn' -61 dBm"
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
    shown = "'Shed' -48 dBm, 'Barn' -61 dBm"
    assert said.split("\n") == [
        f'I wifi seen networks="{shown}"',
        f"'Attic' not found; check wifi.networks and the distance (seen: {shown})",
    ]
    board.world.radio.networks = []
    assert "(seen: none)" in connect(board, BARN)


@pytest.mark.parametrize("refusal", [202, 1001])
def test_a_wrong_password_is_said_without_showing_it(board, refusal):
    board.world.radio.networks = [{**BARN, "refusal": refusal}]
    said = connect(board, {**BARN, "password": "straw straw"})
    assert said.startswith("'Barn' refused the board (wrong password?)")
    assert "straw" not in said


def test_a_router_without_dhcp_is_said(board):
    board.world.radio.networks = [{**BARN, "dhcp": False}]
    assert connect(board, BARN).startswith(
        "'Barn' gave the board no address; check the router's DHCP"
    )


def test_the_next_network_is_tried_when_the_strongest_refuses(board):
    assert connect(board, BARN, {**SHED, "password": "not open"}).startswith("('Barn'")


def test_every_network_that_was_tried_is_explained(board):
    board.world.radio.networks = [{**BARN, "dhcp": False}, SHED]
    said = connect(board, BARN, {**SHED, "password": "not open"})
    assert said.index("'Shed' refused the board") < said.index("'Barn' gave the board no address")


def test_the_status_of_an_earlier_failure_is_not_believed(board):
    # Status 202 remains until there is an address, even while the next network is being joined.
    assert connect(board, {**SHED, "password": "not open"}, BARN).startswith("('Barn'")


def test_no_network_at_all_names_the_way_out(board):
    assert "run `megacam provision`" in connect(board)


def test_a_neighbour_with_a_strange_name_does_no_harm(board):
    board.world.radio.networks = [{"ssid": "\udcff\n\x00", "rssi": -30}, BARN]
    assert connect(board, BARN).startswith("('Barn'")
    said = connect(board, {**BARN, "ssid": "Attic"})
    assert said.count("\n") == 1 and said.count("-30 dBm") == 2


# Several access points with the same name: by default the driver takes the first that it finds.

NEAR = {**BARN, "bssid": "0a0000000001", "rssi": -40}
FAR = {**BARN, "bssid": "0a0000000002", "rssi": -80}
_RSSI = "\nimport network\nprint(network.WLAN(0).status('rssi'))"


def test_the_strongest_access_point_of_a_name_is_joined(board):
    board.world.radio.networks = [FAR, NEAR, {**FAR, "bssid": "0a0000000003"}, SHED]
    assert connect(board, SHED, BARN, then="connect()" + _RSSI).split("\n") == [
        "('Barn', '127.0.0.1')",
        "-40",
    ]


@pytest.mark.parametrize("fault", [{"password": "other"}, {"dhcp": False}, {"ghost": True}])
def test_the_next_strongest_of_the_name_is_tried_when_the_strongest_fails(board, fault):
    weak = {**FAR, "bssid": "0a0000000003", "rssi": -89}
    board.world.radio.networks = [weak, FAR, {**NEAR, **fault}]
    assert connect(board, BARN, then="connect()" + _RSSI).split("\n")[1] == "-80"


def test_the_third_of_the_name_has_its_turn(board):
    third = {**FAR, "bssid": "0a0000000003", "rssi": -85}
    board.world.radio.networks = [
        {**NEAR, "ghost": True}, {**FAR, "dhcp": False}, third,
    ]  # fmt: skip
    assert connect(board, BARN, then="connect()" + _RSSI).split("\n")[1] == "-85"


def test_at_last_any_access_point_of_the_name_will_do(board):
    # The access points of the scan are gone, and one that was not in the scan is there.
    gone = [{**NEAR, "ghost": True, "bssid": f"0a000000001{i}"} for i in range(9)]
    board.world.radio.networks = [*gone, {**FAR, "hidden": True}]
    assert connect(board, BARN, then="connect()" + _RSSI).split("\n")[1] == "-80"


@pytest.mark.parametrize("other", [SHED, {**SHED, "hidden": True}])
def test_each_network_is_tried_before_the_second_access_point_of_one(board, other):
    second = {**NEAR, "bssid": "0a0000000003", "rssi": -41}
    board.world.radio.networks = [NEAR, second, {**other, "rssi": -70}]
    known = {**BARN, "password": "straw straw"}, other
    joined, took_ms = connect(board, *known, then="connect()\nprint(took_ms)").split("\n")
    assert joined.startswith("('Shed'")
    assert 20000 < int(took_ms) < 25000, "one vain try, in simulated time"


def test_a_link_to_an_access_point_that_went_away_is_made_anew_with_another(board):
    # The driver keeps trying the access point that it was given.
    board.world.radio.networks = [FAR, NEAR]
    then = (
        "connect()" + _RSSI + "\nnetwork.WLAN(0).lose('0a0000000001')\n"
        "time.sleep_ms(600000)\nprint(wifi.is_up())\nconnect()" + _RSSI
    )
    assert connect(board, BARN, then=then).split("\n")[1:] == [
        "-40",
        "False",
        "('Barn', '127.0.0.1')",
        "-80",
    ]


def test_the_reason_of_a_name_is_said_once(board):
    board.world.radio.networks = [FAR, NEAR]
    said = connect(board, {**BARN, "password": "straw straw"})
    assert said.count("'Barn' refused the board") == 1


def test_many_names_with_many_access_points_each_take_no_longer(board):
    names = [f"net{i}" for i in range(8)]
    board.world.radio.networks = [
        {
            "ssid": name,
            "password": "theirs theirs",
            "bssid": f"0a00000000{i}{j}",
            "rssi": -40 - i - 8 * j,
        }
        for i, name in enumerate(names)
        for j in range(5)
    ]
    known = [{"ssid": name, "password": "ours ours"} for name in names]
    assert "'net0' refused the board" in connect(board, *known)


@pytest.mark.parametrize("limit_ms", [1000, 4000, 12000, 30000])
def test_joining_takes_no_longer_than_it_may(board, limit_ms):
    board.world.radio.networks = [FAR, NEAR]
    then = f"connect(0, {limit_ms})\nprint(took_ms)"
    said, took_ms = connect(board, {**BARN, "password": "straw straw"}, then=then).split("\n")
    assert said.startswith("'Barn' refused the board")
    # Starting the radio takes half a second, the simulated scan no time, this computer a little.
    assert limit_ms - 1000 < int(took_ms) - 500 < limit_ms + 900


def test_a_short_limit_is_shared_by_two_access_points(board):
    board.world.radio.networks = [FAR, {**NEAR, "ghost": True}]
    assert connect(board, BARN, then="connect(1, 20000)" + _RSSI).split("\n")[1] == "-80"


@pytest.mark.parametrize("limit_ms", [0, 1000, 4000, 7000])
def test_waiting_for_the_driver_counts_too(board, limit_ms):
    then = _BLINK.format(90000) + f"connect(0, {limit_ms})\nprint(took_ms)"
    said, took_ms = connect(board, BARN, then=then).split("\n")[-2:]
    assert ("no time left" in said) == (limit_ms <= 5500)
    assert int(took_ms) < limit_ms + 1400


# Stages: the driver repairs a short outage; joining again; the radio off and on.


_BLINK = "connect()\nimport network\nnetwork.WLAN(0).blink({})\n"


def test_a_link_that_the_driver_mends_itself_is_waited_for(board):
    lines = connect(board, BARN, then=_BLINK.format(2000) + "connect(0)").split("\n")
    assert lines[1] == "('Barn', '127.0.0.1')"


def test_a_second_connect_never_runs_while_one_does(board):
    lines = connect(board, BARN, then=_BLINK.format(9000) + "connect(1)\nconnect(0)").split("\n")
    assert "Wifi Internal Error" not in "".join(lines)
    assert "not found" in lines[2]


def test_a_stuck_radio_is_switched_off_and_on_at_the_third_try(board):
    then = "import network\nnetwork.WLAN(0).jam()\nconnect(0)\nconnect(1)\nconnect(2)"
    lines = connect(board, BARN, then=then).split("\n")
    assert [line.startswith("('Barn'") for line in lines] == [False, False, True]
    assert board.world.radio.cycles == 1


def test_a_radio_that_does_not_start_is_one_sentence(board):
    then = "import network\nnetwork.WLAN(0).jam(True)\nconnect()"
    assert connect(board, BARN, then=then).startswith("the radio failed (")


@pytest.mark.parametrize("call", ["scan", "connect"])
def test_an_error_of_the_driver_is_words_and_no_bare_number(board, call):
    then = (
        "import network\n"
        "def fail(*_, **named):\n    raise OSError(12)\n"
        f"type(network.WLAN(0)).{call} = fail\nconnect()"
    )
    said = connect(board, BARN, then=then)
    assert "no memory" in said and "Errno" not in said, said
