"""A road to the vendor that is barred is named; a password that is replaced is used without a restart."""

import ssl
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.request import Request, urlopen

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.acceptance.driving import START, Driver, differences
from tests.acceptance.test_service import QUICK, just_now, serving, until
from tests.fake_clock import FakeClock
from tests.integration.test_inspection import alter
from tests.postgres import own_server
from wpsync.db import migrations
from wpsync.emulator.client import Remote

VARIABLES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture
def vendor(emulator):
    return emulator(messages=300, days=2)


@pytest.fixture
def driver(vendor, database_url, tmp_path, monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return Driver(database_url, vendor.url, tmp_path, clock=FakeClock(START))


@contextmanager
def answering(handler, context=None):
    """A server of one kind of answer; yields its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def passing_on(url):
    """What hands each request on to another server."""

    class PassingOn(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with urlopen(Request(url + self.path, body, method="POST"), timeout=60) as answer:
                told = answer.read()
            self.send_response(200)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_):
            pass

    return PassingOn


class WantsAUser(BaseHTTPRequestHandler):
    """A proxy that wants a user and a password."""

    def do_CONNECT(self):
        self.send_error(407)

    def log_message(self, *_):
        pass


def signed_by_itself(folder):
    """A certificate of this machine that nobody vouches for; returns its file, and what a server needs."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    file, keys = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    keys.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, keys)
    return file, context


def met(driver):
    """How a pass over the agents ended: the outcome, and the codes of its problems."""
    (outcome,) = driver.sync(["agents"])
    return outcome.outcome, [problem.code for problem in outcome.problems]


def test_a_certificate_that_is_not_trusted_is_named_and_its_file_mends_it(
    driver, vendor, tmp_path, monkeypatch
):
    file, context = signed_by_itself(tmp_path)
    with answering(passing_on(vendor.url), context) as port:
        driver.vendor_url = f"https://localhost:{port}"
        assert met(driver) == ("failed", ["vendor.certificate_untrusted"])
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert met(driver) == ("done", [])


def test_an_address_without_tls_is_named(driver, vendor):
    driver.vendor_url = vendor.url.replace("http:", "https:")
    assert met(driver) == ("failed", ["vendor.no_tls"])


@pytest.mark.long  # the name server may take its time
def test_an_address_without_a_host_is_named(driver):
    driver.vendor_url = "https://vendor.invalid"
    assert met(driver) == ("failed", ["vendor.name_unknown"])


def test_a_proxy_that_wants_a_user_is_named(driver, monkeypatch):
    with answering(WantsAUser) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        driver.vendor_url = "https://vendor.invalid"
        assert met(driver) == ("failed", ["vendor.proxy_refuses"])


def test_check_names_a_role_that_may_not_make_temporary_tables(driver, database_url):
    name = driver.one("select current_database()")
    alter(
        database_url,
        f"create role brief_{name} login password 'x' in role pg_read_all_data, pg_write_all_data",
    )
    try:
        alter(database_url, f"revoke temporary on database {name} from public")
        told = Driver(
            database_url.replace("postgres@", f"brief_{name}:x@"), driver.vendor_url, driver.folder
        ).run("check")
        assert told.returncode == 1
        assert "may not make temporary tables" in told.stdout + told.stderr
    finally:
        alter(database_url, f"drop role brief_{name}")


def test_check_names_a_role_that_may_open_too_few_connections(driver, database_url):
    name = driver.one("select current_database()")
    alter(
        database_url,
        f"create role few_{name} login password 'x' connection limit 7"
        " in role pg_read_all_data, pg_write_all_data",
    )
    try:
        url = database_url.replace("postgres@", f"few_{name}:x@")
        told = Driver(url, driver.vendor_url, driver.folder).run("check", "--database-only")
        assert told.returncode == 1
        assert "the role allows 7 connections" in told.stdout + told.stderr
        alter(database_url, f"alter role few_{name} connection limit -1")
        told = Driver(url, driver.vendor_url, driver.folder).run("check", "--database-only")
        assert "the role allows" not in told.stdout + told.stderr
    finally:
        alter(database_url, f"drop role few_{name}")


@pytest.mark.long
@pytest.mark.reads_the_day
def test_a_password_that_is_replaced_while_it_runs_is_read_again(vendor, server_folder, tmp_path):
    secret = tmp_path / "password"
    secret.write_text("the first one\n")
    with own_server(server_folder / "pg") as server:
        url = server.database("postgres")
        migrations.upgrade(url)
        alter(url, "create role app superuser login password 'the first one'")
        rules = server.data_dir / "pg_hba.conf"
        rules.write_text("local all app scram-sha-256\n" + rules.read_text())
        alter(url, "select pg_reload_conf()")
        owner = Driver(url, vendor.url, tmp_path)
        app = url.replace("postgres@", "app@", 1)
        driver = Driver(f'{app}"\npassword_file = "{secret}', vendor.url, tmp_path, QUICK)
        with serving(driver):
            until(lambda: not differences(owner, vendor, ["calls"]), "the first calls")
            alter(url, "alter role app password 'the second one'")
            ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'app'"
            assert owner.one(ended)
            told = driver.run("check")
            assert told.returncode == 1
            assert 'password authentication failed for user "app"' in told.stdout + told.stderr
            log = tmp_path / "service.log"
            until(lambda: "password authentication failed" in log.read_text(), "that it is refused")
            secret.write_text("the second one\n")
            now = just_now()
            Remote(vendor.url).generate("calls", 3, now, now)
            until(lambda: not differences(owner, vendor, ["calls"]), "calls that came since")
