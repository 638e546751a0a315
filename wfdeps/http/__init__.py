"""Outside: the only room that speaks HTTP, and the only one that imports httpx (or httpx2, when installed).

Its rules:

- we say who we are, and never pretend to be a browser;
- a token goes to the origin it was given for, and to no other;
- a redirect may not leave https, nor reach into a private network, unless the person named that host;
- a server that asks us to wait is waited for, by all workers together;
- no address, token or signature appears in a message.
"""

from __future__ import annotations

from wfdeps.http.client import Http
from wfdeps.http.replies import Reply
from wfdeps.http.tap import Tap
from wfdeps.http.waits import Backoff

__all__ = ["Backoff", "Http", "Reply", "Tap"]
