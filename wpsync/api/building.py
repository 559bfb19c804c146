"""Building the HTTP client, which reads proxies and certificates from the environment, and naming the trouble with them.

No exception of the HTTP library leaves: the text of some shows the URL, with the token in it.
"""

import os
import socket
import ssl
from collections.abc import Iterator, Mapping

import httpx

from wpsync.api.retry import NotSentError
from wpsync.errors import ConfigError

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_EXCEPTIONS = ("no_proxy",)


def built(
    timeout_seconds: float,
    connections: int,
    *,
    verify: bool,
    transport: httpx.BaseTransport | None = None,
    environ: Mapping[str, str] = os.environ,
) -> httpx.Client:
    """Return the client. Raises ConfigError with the variable of the environment that it stumbles over.

    Without `verify` it speaks plain http, to this machine: no proxy has any business with it, nor with the secret in it.
    """
    try:
        context = ssl_context() if verify else False
        return httpx.Client(
            timeout=httpx.Timeout(timeout_seconds, connect=min(10.0, timeout_seconds)),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            verify=context,
            trust_env=verify,
            transport=transport,
        )
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as exc:
        raise _culprit(environ, exc) from None


def ssl_context() -> ssl.SSLContext:
    """Return how the vendor's certificate is checked: by SSL_CERT_FILE or SSL_CERT_DIR, else by the usual list."""
    return httpx.create_ssl_context()


def unreachable(exc: BaseException, endpoint: str) -> NotSentError:
    """Return the error for a connection that failed: by a certificate, a name, a proxy, or anything else."""
    for one in _chain(exc):
        if isinstance(one, ssl.SSLCertVerificationError):
            words: str | None = one.verify_message
            return NotSentError("vendor.certificate_untrusted", words=words, endpoint=endpoint)
        if isinstance(one, ssl.SSLError):
            return NotSentError("vendor.no_tls", words=one.reason, endpoint=endpoint)
        if isinstance(one, socket.gaierror):
            return NotSentError("vendor.name_unknown", words=one.strerror, endpoint=endpoint)
        if isinstance(one, httpx.ProxyError):
            quote = str(one)[:100] or None
            return NotSentError("vendor.proxy_refuses", quote=quote, endpoint=endpoint)
    return NotSentError("vendor.unreachable", endpoint=endpoint, error=type(exc).__name__)


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__


def _culprit(environ: Mapping[str, str], exc: Exception) -> ConfigError:
    """Return the error that names the variable that is wrong."""
    for name in _set(environ, _PROXIES):
        if environ[name].lower().startswith("socks"):
            return ConfigError("vendor.socks_proxy", variable=name)
        try:
            httpx.Proxy(environ[name] if "://" in environ[name] else f"http://{environ[name]}")
        except (ValueError, httpx.InvalidURL):
            return ConfigError("vendor.bad_proxy", variable=name)
    certificates = list(_set(environ, _CERTIFICATES))
    if certificates and isinstance(exc, OSError):
        return ConfigError("vendor.bad_certificates", variable=certificates[0])
    return ConfigError("vendor.bad_proxy", variable=next(_set(environ, _EXCEPTIONS), "HTTPS_PROXY"))


def _set(environ: Mapping[str, str], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        for spelt in dict.fromkeys((name, name.lower(), name.upper())):
            if environ.get(spelt):
                yield spelt
