"""The way to a database on another machine: every line that wpsync prints for it works, on a real Postgres with TLS."""

import re
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.postgres import OwnServer
from wpsync.db import migrations

HOST = socket.gethostname()
"""This machine by a name that is not known as loopback: another one, as far as an address tells."""


def certificate(name, issuer=None):
    """A certificate and its key: of an authority of its own, or signed by one."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    return built.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def pem(made):
    return made.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("", 0))
        return free.getsockname()[1]


@pytest.fixture
def authority(tmp_path):
    made = certificate("authority of the test")
    (tmp_path / "ca.pem").write_bytes(pem(made[0]))
    (tmp_path / "other.pem").write_bytes(pem(certificate("another")[0]))
    return made


@pytest.fixture
def server(server_folder, port, authority):
    """A migrated Postgres that takes the network's clients by TLS only."""
    if HOST == "localhost":
        pytest.skip("this machine has no name of its own")
    settings = {"listen_addresses": "*", "port": str(port), "ssl": "on"}
    made = OwnServer(server_folder / "pg", settings=settings, major=_with_tls())
    signed, key = certificate(HOST, authority)
    plain = serialization.NoEncryption()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    (made.data_dir / "server.crt").write_bytes(pem(signed))
    (made.data_dir / "server.key").write_bytes(key.private_bytes(*form, plain))
    owner = made.data_dir.stat()
    for name in ("server.crt", "server.key"):
        (made.data_dir / name).chmod(0o600)
        shutil.chown(made.data_dir / name, owner.st_uid, owner.st_gid)
    rules = made.data_dir / "pg_hba.conf"
    kept = [line for line in rules.read_text().splitlines() if not line.startswith("host")]
    rules.write_text("\n".join([*kept, "hostssl all all all trust", ""]))
    made.start()
    try:
        migrations.upgrade(made.url)
        yield made
    finally:
        made.stop()


def _with_tls() -> int:
    """The newest installed Postgres that knows TLS: the embedded one does not."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_config"))
    for found in reversed(folders):
        built = subprocess.run([found, "--configure"], capture_output=True, text=True, check=True)
        if "openssl" in built.stdout:
            return int(found.parts[-3])
    pytest.skip("no Postgres with TLS is installed (Debian: apt install postgresql)")


def run(folder: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "config.toml").write_text(
        f'data_dir = "{folder}/data"\n[database]\nurl = "{url}"\n[accounts.main]\n'
        'base_url = "http://127.0.0.1:1"\nclient_id = "id"\nclient_secret = "hush-hush"\n'
    )
    return subprocess.run(
        [sys.executable, "-m", "wpsync", "--config", str(folder / "config.toml"), *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_each_printed_line_works(server, port, tmp_path):
    url = f"postgresql://postgres@{HOST}:{port}/wpsync"
    refused = run(tmp_path, url, "check", "--database-only")
    assert refused.returncode == 2
    printed = re.findall(r"\?sslmode=\S+", refused.stderr)
    assert printed == ["?sslmode=verify-full&sslrootcert=FILE", "?sslmode=require", "?sslmode=disable"]  # fmt: skip
    verified, encrypted, clear = (
        url + one.replace("FILE", f"{tmp_path}/ca.pem") for one in printed
    )

    ran = run(tmp_path, verified, "check", "--database-only")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "ok   way to the database: encrypted, and the server proved itself" in ran.stdout
    ran = run(tmp_path, encrypted, "check", "--database-only")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "warn way to the database: encrypted, but " in ran.stdout
    ran = run(tmp_path, clear, "check", "--database-only")
    assert ran.returncode == 1
    assert "no encryption" in ran.stdout
    with psycopg.connect(server.url, autocommit=True) as connection:
        rules = server.data_dir / "pg_hba.conf"
        rules.write_text(rules.read_text().replace("hostssl all", "host all"))
        connection.execute("select pg_reload_conf()")
    ran = run(tmp_path, clear, "check", "--database-only")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "ok   way to the database: in clear, as sslmode=disable says" in ran.stdout


def test_a_server_of_another_authority_or_name_is_not_talked_to(server, port, tmp_path):
    for host, authority in ((HOST, "other.pem"), ("127.0.0.1", "ca.pem")):
        url = f"postgresql://postgres@{host}:{port}/wpsync?sslmode=verify-full&sslrootcert={tmp_path}/{authority}"
        ran = run(tmp_path, url, "check", "--database-only")
        assert ran.returncode == 1
        assert "certificate" in ran.stdout


def test_the_environment_may_name_the_mode_and_the_host(server, port, tmp_path, monkeypatch):
    url = f"postgresql://postgres@{HOST}:{port}/wpsync"
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", f"{tmp_path}/ca.pem")
    ran = run(tmp_path, url, "check", "--database-only")
    assert "ok   way to the database: encrypted, and the server proved itself" in ran.stdout
    monkeypatch.delenv("PGSSLMODE")
    monkeypatch.setenv("PGHOST", HOST)
    ran = run(tmp_path, "postgresql:///wpsync", "check", "--database-only")
    assert (ran.returncode, HOST in ran.stderr) == (2, True)
