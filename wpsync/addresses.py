"""Which names and addresses of hosts mean this machine."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine. An address is parsed: `127.0.0.1.example` begins like one."""
    host = host.removesuffix(".")  # a name or address that is complete may end with a dot
    if host.casefold() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
