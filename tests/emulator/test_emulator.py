"""What the emulator promises to those who are tested against it."""

import gc
import socket
import warnings
from random import Random
from urllib.parse import urlsplit

import httpx

from tests.acceptance.driving import CLIENT
from wpsync.emulator.client import Remote
from wpsync.emulator.server import Emulator
from wpsync.emulator.state import Settings
from wpsync.emulator.world import World

MESSAGES = "/api/wechat/getWeMessageByPage"
BORN = 1_779_256_800


def test_what_comes_after_something_was_deleted_gets_an_id_of_its_own():
    world = World(7, 70, 2, BORN)
    seen = {row.id for row in world.series["sms"].rows}
    for _ in range(3):
        world.generate("sms", 1, BORN - 60, BORN)
        (new,) = {row.id for row in world.series["sms"].rows} - seen
        world.series["sms"].remove(new)
        seen.add(new)


def test_who_joins_a_room_after_another_left_is_somebody_else():
    world, rng = World(7, 14_000, 2, BORN), Random(3)
    members = world.listings["wechat_room_members"]
    known, joined = set(members), 0
    for _ in range(200):
        before = set(members)
        world._change_room(rng)
        new = set(members) - before
        assert not new & known
        known |= new
        joined += len(new)
    assert joined > 50


def test_a_fault_that_spoils_listings_leaves_other_answers_as_they_are(emulator):
    vendor = emulator(messages=70, days=2)
    remote = Remote(vendor.url)
    who = {"clientId": CLIENT[0], "clientSecret": CLIENT[1]}
    pair = httpx.post(f"{vendor.url}/oauth/token/getToken?timestamp=1", json=who).json()["data"]
    remote.settings(broken=[vendor.world.series["wechat_messages"].rows[-1].id], broken_status=500)
    address = f"{vendor.url}{MESSAGES}?timestamp=1&accessToken={pair['accessToken']}"
    for name in ("wrong_count", "empty_page", "null_list"):
        remote.clear_faults()
        remote.fault(name, add=1)
        assert httpx.post(address, json={"page": 1, "pageSize": 1}).status_code == 500


def test_it_ends_while_clients_are_connected_and_leaves_no_connection_behind():
    vendor = Emulator(Settings(messages=70, days=2)).start()
    address = urlsplit(vendor.url)
    with socket.create_connection((address.hostname, address.port)) as client:
        client.sendall(b"GET /_emulator/clock HTTP/1.1\r\n\r\n")
        assert client.recv(1)
        vendor.stop()
        del vendor
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            gc.collect()
    assert [str(one.message) for one in told] == []
