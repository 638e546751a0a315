"""What a transport's error means to a person, whichever library raised it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from wfdeps.errors import SourceError, SourceUnavailableError, UnexpectedPayloadError
from wfdeps.http.origins import host_of


def unavailable(error: Exception, url: str, otherwise: str = "") -> SourceError:
    """A transport's error in the person's words: what, at which host; final where a retry would not help.

    `otherwise` says what it means where it is none of the known ones.
    """
    host = host_of(url)
    causes = tuple(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return SourceUnavailableError(
                f"the certificate of `{host}` cannot be trusted: {cause.verify_message}",
                final=True,
                hint="behind a company proxy, point SSL_CERT_FILE at its CA bundle",
            )
        if isinstance(cause, socket.gaierror):
            unknown = cause.errno == socket.EAI_NONAME
            what = "is not known" if unknown else "cannot be looked up now"
            return SourceUnavailableError(
                f"`{host}` {what}", final=unknown, hint="check the network, or use --offline"
            )
    name = type(error).__name__
    if name == "InvalidURL" or isinstance(error, UnicodeError):
        return UnexpectedPayloadError(f"`{host}`: an address that cannot be used")
    if name == "ProxyError" and "407" in str(error):
        return SourceUnavailableError("the proxy wants a login (407)", final=True, hint="see HTTPS_PROXY")
    if name == "ProxyError":
        return SourceUnavailableError("the proxy refuses", final=True, hint="see HTTPS_PROXY and NO_PROXY")
    refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
    what = "refused the connection" if refused else otherwise or _fault_in_words(error)
    return SourceUnavailableError(f"`{host}` {what}")


def _fault_in_words(error: Exception) -> str:
    names = (kind.__name__ for kind in type(error).__mro__)
    return next((_FAULTS[name] for name in names if name in _FAULTS), "broke the connection")


_FAULTS = {
    "ConnectTimeout": "does not answer",
    "ReadTimeout": "stopped sending",
    "WriteTimeout": "stopped listening",
    "ConnectError": "cannot be reached",
    "RemoteProtocolError": "broke off in the middle of its answer",
    "DecodingError": "sent a body that does not decode",
    "UnsupportedProtocol": "is no http address",
    # of the standard library
    "TimeoutError": "stopped sending",
    "HTTPException": "broke off in the middle of its answer",
}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen = 0
    while error is not None and seen < 10:
        yield error
        error = error.__cause__ or error.__context__
        seen += 1
