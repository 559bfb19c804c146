"""Key files: refused in words where they could betray a key, and never overwritten."""

import os
import re
import stat
import subprocess
import sys
from base64 import urlsafe_b64encode

import pytest

from wpsync.config import key_files
from wpsync.config.key_files import Key, Kind
from wpsync.errors import ConfigError
from wpsync.language import Language
from wpsync.messages import remedy, say


@pytest.fixture
def file(tmp_path):
    return tmp_path / "token.key"


def written(file, *lines):
    file.write_text("".join(f"{line}\n" for line in lines))
    file.chmod(0o600)
    return file


def refused(file, kind=Kind.TOKEN, *, secrets=()):
    """Return the code of the refusal, whose words name the file and a remedy, and no secret."""
    with pytest.raises(ConfigError) as caught:
        key_files.read(file, kind)
    for language in Language:
        words = f"{say(caught.value.message, language)} {remedy(caught.value.message, language)}"
        assert str(file) in words
        assert remedy(caught.value.message, language)
        assert not [one for one in secrets if one in f"{words} {caught.value}"]
    return caught.value.message.code


def test_a_file_that_was_made_holds_one_key_that_only_its_owner_may_read(file):
    key = key_files.make(file, Kind.TOKEN)
    assert key_files.read(file, Kind.TOKEN) == (key,)
    assert len(key.material) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert re.fullmatch(r"wpsync-key-1 token [0-9a-f]{8} [\w-]{43}\n", file.read_text())
    assert list(file.parent.iterdir()) == [file]


def test_the_mode_depends_on_no_umask_and_folders_are_made_for_the_owner_only(tmp_path):
    file = tmp_path / "data" / "deep" / "token.key"
    before = os.umask(0)
    try:
        key_files.make(file, Kind.TOKEN)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_no_file_is_overwritten_be_it_empty_or_a_link_to_nowhere(file, tmp_path):
    file.touch()
    for _ in range(2):
        with pytest.raises(ConfigError) as caught:
            key_files.make(file, Kind.TOKEN)
        assert caught.value.message.code == "key.exists"
        file.unlink()
        file.symlink_to(tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_a_key_is_made_once_by_however_many_processes(file):
    program = (
        "import sys; from pathlib import Path; from wpsync.config import key_files as k\n"
        "keys, new = k.read_or_make(Path(sys.argv[1]), k.Kind.TOKEN); print(keys[0].id, new)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(file)], stdout=subprocess.PIPE)
        for _ in range(6)
    ]
    said = [process.communicate(timeout=60)[0].split() for process in started]
    assert len({key for key, _ in said}) == 1
    assert sorted(new for _, new in said) == [b"False"] * 5 + [b"True"]


def test_rotation_adds_a_first_line_and_keeps_the_earlier_keys_their_owner_and_mode(file):
    first = key_files.make(file, Kind.RECEIPT)
    file.write_text(f"# of the old host\n\n{file.read_text()}")
    file.chmod(0o400)
    second = key_files.rotate(file, Kind.RECEIPT)
    third = key_files.rotate(file, Kind.RECEIPT)
    assert key_files.read(file, Kind.RECEIPT) == (third, second, first)
    assert "# of the old host" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o400
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_cannot_be_read_is_not_rotated(file):
    written(file, "nonsense")
    with pytest.raises(ConfigError):
        key_files.rotate(file, Kind.TOKEN)
    assert file.read_text() == "nonsense\n"


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o644, 0o666])
def test_a_file_that_others_may_read_or_write_is_refused(file, mode):
    key_files.make(file, Kind.TOKEN)
    if os.geteuid() == 0:
        os.chown(file, 12345, 12345)  # root's own may be read by a group, as Kubernetes gives it
    file.chmod(mode)
    assert refused(file) == "key.open_to_others"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to make files of others")
def test_a_file_of_root_may_be_read_by_a_group_and_that_of_a_third_user_is_refused(file):
    program = (
        "import os, sys; from pathlib import Path; from wpsync.config import key_files as k\n"
        "from wpsync.errors import ConfigError\n"
        "os.setgroups([]); os.setgid(12345); os.setuid(12345)\n"
        "try:\n    print(k.read(Path(sys.argv[1]), k.Kind.TOKEN)[0].id)\n"
        "except ConfigError as exc:\n    print(exc.message.code)\n"
    )

    def seen():
        ran = [sys.executable, "-c", program, str(file)]
        return subprocess.run(ran, capture_output=True, text=True, check=True).stdout.strip()

    key = key_files.make(file, Kind.TOKEN)
    for folder in file.parents[:-1]:
        if folder.stat().st_mode & 0o001 == 0 and str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    os.chown(file, 0, 12345)
    file.chmod(0o440)
    assert seen() == key.id
    file.chmod(0o444)
    assert seen() == "key.open_to_others"
    os.chown(file, 54321, 12345)
    file.chmod(0o440)
    assert seen() == "key.of_another"


@pytest.mark.skipif(
    os.geteuid() != 0 or not os.access("/run", os.W_OK), reason="needs root, to make /run/secrets"
)
def test_secrets_of_containers_are_taken_with_their_links_and_modes(tmp_path):
    key = key_files.new(Kind.TOKEN)
    made = not key_files.MOUNTED.exists()
    folder = key_files.MOUNTED / f"wpsync-test-{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        (folder / "..data").mkdir()
        (folder / "..data" / "token_key").write_text(key.line())
        (folder / "..data" / "token_key").chmod(0o444)
        (folder / "token_key").symlink_to("..data/token_key")
        assert key_files.read(folder / "token_key", Kind.TOKEN) == (key,)
        written(tmp_path / "token.key", key.line())
        (tmp_path / "link").symlink_to("token.key")
        devious = folder / ".." / ".." / ".." / (tmp_path / "link").relative_to("/")
        assert refused(devious) == "key.link"
    finally:
        for one in (folder / "token_key", folder / "..data" / "token_key"):
            one.unlink(missing_ok=True)
        (folder / "..data").rmdir()
        folder.rmdir()
        if made:
            key_files.MOUNTED.rmdir()


def test_a_link_a_folder_a_pipe_and_a_file_that_is_not_there_are_refused(file, tmp_path):
    key_files.make(tmp_path / "real.key", Kind.TOKEN)
    file.symlink_to("real.key")
    assert refused(file) == "key.link"
    assert refused(tmp_path) == "key.no_file"
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert refused(tmp_path / "pipe") == "key.no_file"
    assert refused(tmp_path / "nowhere.key") == "key.unreadable"


def test_keys_of_another_kind_damaged_short_and_newer_ones_are_refused_by_their_line(file):
    good, other = key_files.new(Kind.TOKEN), key_files.new(Kind.RECEIPT)
    text = good.line().rpartition(" ")[2]
    swapped = good.line().replace(text, f"{text[1:]}{text[0]}")
    short = urlsafe_b64encode(good.material[:16]).decode()
    long = urlsafe_b64encode(good.material + b"!").decode()
    for line, code in (
        (other.line(), "key.other_kind"),
        (swapped, "key.damaged"),
        (good.line()[:-1], "key.too_short"),
        (f"{good.line()}AAA", "key.damaged"),
        (good.line().replace(text, short), "key.too_short"),
        (good.line().replace(text, long), "key.damaged"),
        (good.line().replace(good.id, "00000000"), "key.damaged"),
        (good.line().replace("token", "receipt"), "key.other_kind"),
        (good.line().replace("key-1", "key-2"), "key.newer"),
        (f"{good.line()} more", "key.damaged"),
        (text, "key.damaged"),
        ("é" * 20, "key.damaged"),
    ):
        written(file, good.line(), "", line)
        assert refused(file, secrets=(text, text[1:], short)) == code, line
        with pytest.raises(ConfigError) as caught:
            key_files.read(file, Kind.TOKEN)
        assert "line 3" in say(caught.value.message, Language.EN)
    assert refused(written(file, "# nothing", "")) == "key.none"


def test_a_file_that_is_no_text_or_endless_is_refused(file):
    file.write_bytes(b"\xff\xfe" * 100)
    file.chmod(0o600)
    assert refused(file) == "key.no_text"
    written(file, "#" * 1_000_000)
    assert refused(file) == "key.no_text"


def test_the_id_tells_nothing_of_the_key_and_no_two_kinds_share_one():
    keys = [key_files.new(Kind.TOKEN) for _ in range(100)]
    assert len({key.id for key in keys}) == 100
    key = keys[0]
    assert key.id not in key.material.hex()
    assert Key(Kind.RECEIPT, key.material).id != key.id
    assert key.material.hex() not in repr(key)
    assert "material" not in repr(key)
