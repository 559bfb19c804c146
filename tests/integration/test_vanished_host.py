"""A host that vanishes says no goodbye: the server itself must notice, and free what it held, within seconds.

`VANISHED_HOST=1` lets one truly vanish, which needs root and a network namespace (wpsv).
"""

import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack

import psycopg
import pytest

from tests.postgres import own_server
from wpsync.db import migrations
from wpsync.db.database import Database
from wpsync.model import Secret

SETTINGS = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}


@pytest.fixture
def tcp(server_folder):
    """The address of a server that listens on TCP: of a Unix socket the settings show as nothing."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    listening = {"listen_addresses": "127.0.0.1", "port": str(port)}
    with own_server(server_folder / "pg", settings=listening):
        address = f"postgresql://postgres@127.0.0.1:{port}/wpsync"
        migrations.upgrade(address)
        yield Secret(address)


def _shown(connection):
    return {name: connection.execute(f"show {name}").fetchone()[0] for name in SETTINGS}


def test_on_every_connection_the_server_notices_within_seconds(tcp):
    with ExitStack() as stack:
        database = stack.enter_context(Database(tcp))
        for _ in range(3):
            assert _shown(stack.enter_context(database.connection())) == SETTINGS
        assert stack.enter_context(database.lease("leader"))
        for connection in (database.leases._connection, database.leases.heartbeat._connection):
            assert _shown(connection) == SETTINGS


VICTIM = """
import sys, time
from wpsync.db import migrations
from wpsync.db.database import Database
from wpsync.model import Secret
url = Secret(sys.argv[1])
with Database(url) as database, database.lease("leader") as lead, database.lease("main", "sms", "sync") as held:
    print("ready", bool(lead and held), flush=True)
    time.sleep(600)
"""
INSIDE = ("ip", "netns", "exec", "wpsv")


def _ip(*words):
    subprocess.run(["ip", *" ".join(words).split()], check=True)


@pytest.fixture
def namespace():
    """A network of its own, 10.211.7.2, behind us at 10.211.7.1."""
    hardware = "02:00:00:00:07:02"
    with ExitStack() as stack:
        _ip("netns add wpsv")
        stack.callback(_ip, "netns del wpsv")
        _ip("link add wpsv0 type veth peer name wpsv1")
        stack.callback(_ip, "link del wpsv0")
        _ip("link set wpsv1 netns wpsv")
        _ip("addr add 10.211.7.1/24 dev wpsv0")
        _ip("link set wpsv0 up")
        _ip("netns exec wpsv ip addr add 10.211.7.2/24 dev wpsv1")
        _ip(f"netns exec wpsv ip link set wpsv1 address {hardware}")
        # As behind a router: the neighbour does not vanish with the host.
        _ip(f"neigh replace 10.211.7.2 lladdr {hardware} dev wpsv0 nud permanent")
        _ip("netns exec wpsv ip link set wpsv1 up")
        yield


def what_a_vanished_host_held_is_free_within_seconds(settled, namespace, server_folder):
    """At once, its last reply is still unacknowledged, and no keepalive is sent at all."""
    listening = {"listen_addresses": "10.211.7.1"}
    with ExitStack() as stack:
        server = stack.enter_context(own_server(server_folder / "pg", settings=listening))
        with (server.data_dir / "pg_hba.conf").open("a") as rules:
            rules.write("\nhost all all 10.211.7.0/24 trust\n")
        ours = stack.enter_context(psycopg.connect(server.url, autocommit=True))
        ours.execute("select pg_reload_conf()")
        time.sleep(1)
        migrations.upgrade(server.url)
        address = "postgresql://postgres@10.211.7.1:5432/wpsync"
        command = [*INSIDE, sys.executable, "-c", VICTIM, address]
        victim = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        stack.callback(victim.kill)
        assert victim.stdout is not None
        assert victim.stdout.readline() == "ready True\n"
        time.sleep(settled)
        _ip("netns exec wpsv ip route add blackhole 10.211.7.1/32")
        database = stack.enter_context(Database(Secret(server.url)))
        end, held = time.monotonic() + 30, {"leader", "main:sms:sync"}
        while held and time.monotonic() < end:
            held = {name for name in held if not _free(database, name)}
            time.sleep(0.5)
        assert not held


def _free(database, name):
    with database.lease(name, wait=False) as held:
        return held is not None


if os.environ.get("VANISHED_HOST"):  # as root, which may make a network
    test_what_a_vanished_host_held = pytest.mark.parametrize("settled", [2, 0])(
        what_a_vanished_host_held_is_free_within_seconds
    )
