"""Who we say we are, and whose certificates are believed."""

from __future__ import annotations

import os
import ssl
from importlib import import_module

from wfdeps import __version__

USER_AGENT = f"wfdeps/{__version__} (+https://github.com/wfdeps/wfdeps)"


def tls_context() -> ssl.SSLContext:
    """What `SSL_CERT_FILE` or `SSL_CERT_DIR` name; else the system's store where truststore is installed; else certifi's.

    Loading certificates takes 0.1 s: make one, and share it.
    """
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file or folder:
        return ssl.create_default_context(cafile=file or None, capath=folder or None)
    try:
        truststore = import_module("truststore")
    except ModuleNotFoundError:
        import certifi

        return ssl.create_default_context(cafile=certifi.where())
    context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return context
