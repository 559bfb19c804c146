"""Any name of a folder does: no path reaches a shell, an address or a list unquoted."""

import random
import shutil
import string
from pathlib import Path

import psycopg
import pytest

from wpsync.embedded.server import running

CJK = "企业微信工作手机数据同步我的文档备份目录"
PRINTABLE = [char for char in map(chr, range(32, 127)) if char != "/"]


def names(count):
    """Folder names that together hold every printable ASCII character and CJK, of 20 to 200 bytes."""
    chosen = random.Random(12)
    left = PRINTABLE * 2
    chosen.shuffle(left)
    for number in range(count):
        length = 20 + 180 * number // max(count - 1, 1)
        share = len(left) // (count - number)
        name = "".join(left[:share])
        del left[:share]
        while len((name + CJK[number % len(CJK)]).encode()) <= length:
            name += chosen.choice(CJK if number % 2 else string.ascii_letters)
        yield " " + name.strip(".") if name.startswith((".", "-")) else name


EVERY = list(names(50))


def test_the_names_hold_every_character_and_length():
    assert set("".join(EVERY)) >= set(PRINTABLE)
    assert len(set(EVERY)) == 50
    sizes = [len(name.encode()) for name in EVERY]
    assert min(sizes) <= 22
    assert 195 <= max(sizes) <= 200


def use(folder):
    with running(folder, durable=False) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    if not server.socket.is_relative_to(server.data_dir):
        shutil.rmtree(server.socket)


@pytest.mark.parametrize("name", ["My Projects/$(id)", 'R&D "a,b"; `x` %25+@=\\'])
def test_a_database_works_below_a_folder_of_an_odd_name(server_folder, name):
    use(server_folder / Path(name) / "postgres")


@pytest.mark.long
@pytest.mark.parametrize("name", EVERY)
def test_a_database_works_below_a_folder_of_any_name(server_folder, name):
    use(server_folder / name / "postgres")
