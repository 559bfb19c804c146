"""Files with secrets: written so that no other user can prepare or read them."""

import os
import stat

import pytest

from tests.unit.test_config import ACCOUNT, load
from wpsync.config import private_file


@pytest.mark.parametrize("umask", [0, 0o22, 0o777])
def test_a_file_is_closed_to_others_under_any_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        with private_file.written(tmp_path / "it", "secret") as fresh:
            assert stat.S_IMODE(fresh.stat().st_mode) == 0o600
            assert not (tmp_path / "it").exists()
    finally:
        os.umask(before)
    assert (tmp_path / "it").read_text() == "secret"
    assert [file.name for file in tmp_path.iterdir()] == ["it"]


def test_a_file_that_fails_its_trial_leaves_the_present_one(tmp_path):
    (tmp_path / "it").write_text("present")
    with pytest.raises(ZeroDivisionError), private_file.written(tmp_path / "it", "new"):
        raise ZeroDivisionError
    assert (tmp_path / "it").read_text() == "present"
    assert [file.name for file in tmp_path.iterdir()] == ["it"]


def test_a_file_can_be_read_by_all_only_if_every_folder_above_it_can_be_entered(server_folder):
    file = server_folder / "within" / "it"
    file.parent.mkdir()
    file.write_text("secret")
    (server_folder / "link").symlink_to(file)
    for folder, mode, open_to_all in (
        (0o755, 0o644, True), (0o711, 0o604, True), (0o755, 0o640, False), (0o755, 0o600, False),
        (0o750, 0o644, False), (0o700, 0o666, False),
    ):  # fmt: skip
        file.parent.chmod(folder)
        file.chmod(mode)
        assert private_file.is_readable_by_all(file) is open_to_all, (oct(folder), oct(mode))
        assert private_file.is_readable_by_all(server_folder / "link") is open_to_all
    assert not private_file.is_readable_by_all(server_folder / "nowhere")


def test_a_configuration_names_each_file_with_secrets_that_all_can_read(server_folder):
    (server_folder / "secret").write_text("from-a-file")
    own = load(server_folder, ACCOUNT)
    assert own.exposed_files() == [server_folder / "config.toml"]
    apart = load(
        server_folder,
        '[accounts.main]\nclient_id = "id"\nclient_secret_file = "secret"\n'
        '[database]\nurl = "postgresql://u@h/d?sslmode=require"\n',
    )
    assert apart.exposed_files() == [server_folder / "secret"]
    in_the_address = load(
        server_folder,
        '[accounts.main]\nclient_id = "id"\n[database]\nurl = "postgresql://u:p%40w@h/d?sslmode=require"\n',
        WPSYNC_ACCOUNTS__MAIN__CLIENT_SECRET="from-the-environment",
    )
    assert in_the_address.exposed_files() == [server_folder / "config.toml"]
    (server_folder / "config.toml").chmod(0o600)
    (server_folder / "secret").chmod(0o640)
    assert own.exposed_files() == apart.exposed_files() == []
