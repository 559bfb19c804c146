"""The one parser of database addresses: a URL as libpq reads it, refused in words where it says something else.

libpq would try to connect to a piece of a password that holds a / or an @, and show that piece. So an address is
read once, when the configuration is, and goes on as parameters with their names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from urllib.parse import unquote_to_bytes

from wpsync.addresses import is_loopback
from wpsync.config.problems import ProblemError, nearest
from wpsync.errors import Message

SSLMODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

SCHEMES = ("postgresql://", "postgres://")

_PARAMETERS = frozenset(
    [
        "host",
        "hostaddr",
        "port",
        "dbname",
        "user",
        "password",
        "passfile",
        "service",
        "require_auth",
        "channel_binding",
        "connect_timeout",
        "client_encoding",
        "options",
        "application_name",
        "fallback_application_name",
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        "replication",
        "gssencmode",
        "gssdelegation",
        "sslmode",
        "requiressl",
        "sslnegotiation",
        "sslcompression",
        "sslcert",
        "sslkey",
        "sslkeylogfile",
        "sslpassword",
        "sslcertmode",
        "sslrootcert",
        "sslcrl",
        "sslcrldir",
        "sslsni",
        "requirepeer",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "min_protocol_version",
        "max_protocol_version",
        "krbsrvname",
        "gsslib",
        "target_session_attrs",
        "load_balance_hosts",
        "scram_client_key",
        "scram_server_key",
        "servicefile",
    ]
)
"""The names that may stand behind the question mark (libpq, "Parameter Key Words")."""

_HOST = re.compile(r"(?:\[([^\[\]]*)\]|([^\[\]:]*))(?::(\d*))?")
_FORBIDDEN = re.compile(r"[\s\x00-\x1f\x7f]")
_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")


def parsed(address: str) -> dict[str, str]:
    """Return libpq's parameters of a URL. Raises ProblemError, without any piece of it that may be secret."""
    if not address.startswith(SCHEMES):
        raise ProblemError(Message("configuration.not_postgres"))
    rest = address.partition("://")[2]
    if _FORBIDDEN.search(rest) or _ENCODED.search(rest):
        raise ProblemError(Message("configuration.address_not_encoded"))
    place, question, query = rest.partition("?")
    place, _, name = place.partition("/")
    who, at, hosts = place.rpartition("@")
    if "@" in who or "@" in name or "@" in query or "/" in name:
        raise ProblemError(Message("configuration.address_not_encoded"))
    found = _hosts(hosts)
    if at:
        user, colon, password = who.partition(":")
        if ":" in password or "[" in who or "]" in who:
            raise ProblemError(Message("configuration.address_not_encoded"))
        found |= {"user": user} if user else {}
        found |= {"password": password} if colon else {}
    if name:
        found["dbname"] = name
    found |= _query(query) if question else {}
    return {key: _decoded(value) for key, value in found.items()}


@dataclass(frozen=True, slots=True)
class Way:
    """The way to a database: the hosts that are other machines, and the sslmode, None where none is named."""

    hosts: tuple[str, ...]
    sslmode: str | None

    @property
    def is_open(self) -> bool:
        """Whether it crosses the network, and no sslmode says how. libpq would take either, and verify nothing."""
        return bool(self.hosts) and self.sslmode is None


def way(parameters: Mapping[str, str], environ: Mapping[str, str]) -> Way:
    """Return the way to a database, as libpq completes an address from the environment."""

    def given(name: str) -> str:
        return parameters.get(name) or environ.get(f"PG{name.upper()}") or ""

    pairs = zip_longest(given("host").split(","), given("hostaddr").split(","), fillvalue="")
    reached = [number or name for name, number in pairs]
    if not any(reached) and given("service"):  # its file may name any host
        reached = [given("service")]
    sslmode = given("sslmode") or ("verify-full" if given("sslrootcert") == "system" else None)
    return Way(tuple(host for host in reached if not _is_here(host)), sslmode)


def _is_here(host: str) -> bool:
    """Whether a host is this machine: a folder of sockets, or loopback."""
    return not host or host.startswith(("/", "@")) or is_loopback(host)


def conninfo(parameters: Mapping[str, str]) -> str:
    """Return parameters as libpq's text of keywords and values."""
    return " ".join(f"{name}={_quoted(value)}" for name, value in parameters.items())


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _hosts(listed: str) -> dict[str, str]:
    names, ports = [], []
    for one in listed.split(","):
        found = _HOST.fullmatch(one)
        if found is None or (found[3] and not 0 < int(found[3]) <= 65_535):
            raise ProblemError(Message("configuration.address_host"))
        names.append(found[1] or found[2] or "")
        ports.append(found[3] or "")
    hosts = {"host": ",".join(names)} if any(names) else {}
    return hosts | ({"port": ",".join(ports)} if any(ports) else {})


def _query(query: str) -> dict[str, str]:
    found = {}
    for one in query.split("&"):
        name, equals, value = one.partition("=")
        if not equals:
            raise ProblemError(Message("configuration.address_not_encoded"))
        if (name, value) == ("ssl", "true"):  # as of JDBC; libpq takes it too
            name, value = "sslmode", "require"
        if name not in _PARAMETERS:  # it may be a piece of a password, and so is not shown
            near = nearest(name, _PARAMETERS)
            if near is None:
                raise ProblemError(Message("configuration.address_parameter"))
            raise ProblemError(Message("configuration.address_parameter_near", {"near": near}))
        if name == "sslmode" and value not in SSLMODES:
            raise ProblemError(Message("configuration.address_sslmode", {"choices": SSLMODES}))
        found[name] = value
    return found


def _decoded(value: str) -> str:
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise ProblemError(Message("configuration.address_not_encoded")) from None
