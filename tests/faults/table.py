"""The numbered faults: what happens, what is expected, and how each is shown.

`server` faults are run against every client by `matrix.py`. The others name the test that makes them, or say why
there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SIZE = 700_000


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """One row. `expect` is `whole` (the file comes, right) or `absent` (nothing under the final name, told why)."""

    number: str
    what: str
    expect: str = ""
    options: dict[str, object] = field(default_factory=dict)
    path: str = "/file.bin"
    hashed: bool = True
    shown_by: str = ""
    """A test, for what no query can ask of a server; or why it is not shown."""


def _s(
    number: str, what: str, expect: str, path: str = "/file.bin", hashed: bool = True, **options: object
) -> Fault:
    return Fault(number, what, expect, options, path, hashed)


def _l(number: str, what: str, shown_by: str) -> Fault:
    return Fault(number, what, shown_by=shown_by)


_HTTP, _LOCAL, _RESUME = "test_http.py", "test_local_faults.py", "test_resuming.py"
_UNTESTED = "not shown here: "

FAULTS: tuple[Fault, ...] = (
    _s("1", "connection closed at byte k, every 200,000 bytes", "whole", cut=200_000),
    _s("2", "reset at byte k", "whole", cut=300_000, rst=1),
    _s("3", "stall for ever at byte k, once", "whole", stall=262_144, times=1),
    _s("4", "slow drip, once", "whole", drip=0.5, times=1),
    _s("5", "closed without an answer, twice", "whole", drop=1, times=2),
    _l("6", "unknown host", f"{_HTTP}: an unknown host is final"),
    _l(
        "7",
        "IPv6 black hole",
        _UNTESTED + "addresses are tried one after the other, 10 s each; slower than happy eyeballs",
    ),
    _l("8", "TLS: self-signed certificate", "test_over_tls.py: a certificate nobody vouches for is final"),
    _l("9", "TLS without close_notify at the exact end", "test_over_tls.py: without a goodbye"),
    _s("10", "no Content-Length, closed at the end", "whole", nolength=1),
    _s("11", "chunked, cut before its end, twice", "whole", chunked=1, cut=262_144, times=2),
    _s("12", "Content-Length smaller than the body", "absent", length=1000),
    _s("13", "two different Content-Lengths", "absent", twolengths=1),
    _s("14a", "one byte flipped, once", "whole", flip=5, times=1),
    _s("14b", "one byte flipped, always", "absent", flip=5),
    _s("15", "other content of the same size", "absent", swap=1),
    _s("16", "gzip although identity was asked", "whole", gzip=1),
    _s("17", "Range ignored after a cut", "whole", ignore_range=1, cut=100_000, times=1),
    _s("18", "200 with Content-Range", "whole", as200=1, cut=200_000),
    _s("19", "206 with another start", "whole", shift=5),
    _s("20", "206 with another total", "whole", total=SIZE + 9, cut=300_000, times=1),
    _s("21", "multipart/byteranges", "whole", multipart=1),
    _s("22", "206 without Content-Range, after a cut", "whole", norangeheader=1, cut=300_000, times=2),
    _l("23", "416 with */N, N the part's size", f"{_RESUME}: a complete part is hashed and handed on"),
    _l("24", "416, the object shrank", f"{_RESUME}: a shrunken object is fetched anew"),
    _l("25", "416 without Content-Range", f"{_RESUME}: a shrunken object is fetched anew [untold]"),
    _s("26", "ETag changes between ranges", "whole", changing_etag=1, cut=300_000, times=2),
    _s("27", "weak ETag, cuts", "whole", weak=1, cut=200_000),
    _s("28", "no validator, a known hash, cuts", "whole", novalidator=1, cut=200_000),
    _l("29", "ETag differs per mirror", "test_faults_of_a_transfer.py: mirrors continue what another began"),
    _s("30", "HEAD refused", "whole", nohead=1),
    _l("31", "HEAD and GET differ in length", "HEAD is never sent"),
    _s("32a", "five redirects", "whole", path="/hop", hops=5),
    _s("32b", "a redirect loop", "absent", path="/hop", to="self"),
    _s("33", "redirect to a host that refuses Authorization", "whole", path="/hop", other=1, needs_no_auth=1),
    _l("34", "redirect https → http", f"{_HTTP}: redirects that are refused"),
    _s("35", "redirect to another port", "whole", path="/hop", other=1),
    _s("36a", "redirect to file://", "absent", path="/hop", to="file:///etc/hostname"),
    _s("36b", "redirect to 169.254.169.254", "absent", path="/hop", to="http://169.254.169.254/"),
    _s("37", "redirect with a user name", "absent", path="/hop", to="http://a:b@127.0.0.1:1/"),
    _l("38", "injection through Location", f"{_HTTP}: redirects that are refused; h11 parses headers"),
    _s("39", "signed URL dead at the first resume", "whole", path="/signed", lives=1, cut=300_000),
    _s(
        "40",
        "signed URL expires in the middle, again and again",
        "whole",
        path="/signed",
        lives=1,
        cut=200_000,
    ),
    _s("41", "401", "absent", status=401),
    _s("42", "403 challenge page", "absent", status=403, challenge=1),
    _s("43a", "404", "absent", status=404),
    _s("43b", "410", "absent", status=410),
    _s("44", "451", "absent", status=451),
    _s("45", "429 with Retry-After: 1", "whole", status=429, retry_after=1, times=1),
    _s("46", "429 with a date, the clock a day off", "whole", status=429, retry_date=1, skew=86_400, times=1),
    _s("47", "429 without a header", "whole", status=429, times=1),
    _s("48", "503 twice, then well", "whole", status=503, times=2),
    _s("49", "522 twice, then well", "whole", status=522, times=2),
    _s("50a", "200 with a login page, hash known", "absent", html=1),
    _s("50b", "200 with a login page, no hash known", "absent", hashed=False, html=1),
    _s("51a", "200 with a JSON error, hash known", "absent", json=1),
    _s("51b", "200 with a JSON error, no hash known", "absent", hashed=False, json=1),
    _l("52", "captive portal", "a page is refused for each file; the jobs are not paused together"),
    _l("53", "API: cut JSON, HTML", f"{_HTTP}: JSON that does not parse gets one more try"),
    _l("54", "API: missing or empty hashes", "tests/sources"),
    _l("55", "API: another model for the hash", "14b: the file's own hash decides"),
    _l("56", "API: a cursor that repeats", "tests/sources"),
    _l("57", "503 beyond n connections", "test_many_connections.py: a server that allows one connection"),
    _s("58", "more bytes than asked for", "whole", extra=1000),
    _l("59", "two versions behind one address", "26, and the hash of the whole"),
    _s("60", "HTTP/1.0", "whole", http10=1),
    _s("61", "103 before 200", "whole", early=1),
    _s("62", "ten thousand headers", "absent", bomb_headers=10_000),
    _l("63", "decompression bomb on API JSON", f"{_HTTP}: a bomb is cut off"),
    _s("64", "Content-Disposition: ../../evil", "whole", disposition='attachment; filename="../../evil.bin"'),
    _s(
        "65",
        "filename*=UTF-8''..%2f..%2fetc",
        "whole",
        disposition="attachment; filename*=UTF-8''..%2f..%2fevil.bin",
    ),
    _l("66", "CON, trailing dots, > 255 bytes, a:b", "tests/plan, tests/cli/test_download.py"),
    _l("67", "names equal under case folding", "tests/plan, tests/cli/test_download.py"),
    _l("68", "pickle under a .safetensors name", "tests/detect"),
    _l("69", "workflow names that leave the root", "tests/plan"),
    _l("70", "the target is a link", "tests/library"),
    _l("71", "part or lock is a planted link", f"{_RESUME}: a planted link is not written through"),
    _l("72", "folder swapped for a link in between", "tests/library (open folder handles)"),
    _l("73", "zip archives", "archives are never unpacked"),
    _l("74", "safetensors headers that lie", "tests/detect"),
    _l("75", "GGUF headers that lie", "tests/detect"),
    _l("76", "no room before the start", f"{_LOCAL}: more than the disk holds is refused"),
    _l("77", "no room in the middle", "tests/fetch/test_full_disks.py"),
    _l("78", "EFBIG, RLIMIT_FSIZE", f"{_LOCAL}: a limit on file size is named"),
    _l("79", "read-only folder", f"{_LOCAL}: a folder that cannot be written is named"),
    _l("80", "fallocate unsupported", "only ext4, xfs, btrfs, f2fs are asked; a refusal there is ignored"),
    _l("81", "cross-device rename", "tests/library; parts lie on the target's file system"),
    _l("82", "the target is there, same hash", "tests/cli/test_download.py: a second run asks nobody"),
    _l("83", "the target is there, another hash", "tests/cli/test_download.py: never overwritten"),
    _l("84", "target open on Windows", _UNTESTED + "no Windows here"),
    _l("85", "paths > 260 on Windows", _UNTESTED + "no Windows here"),
    _l("86", "SIGINT", f"{_LOCAL}: a signal ends it cleanly"),
    _l("87", "SIGTERM, SIGHUP", f"{_LOCAL}: a signal ends it cleanly"),
    _l("88", "SIGKILL at a random byte", "kills.py (200 kills), and a short form in " + _LOCAL),
    _l("89", "data lost after the state was written", f"{_RESUME}: a part cut behind its state is mended"),
    _l("90", "part altered by another program", f"{_RESUME}: only its piece is fetched again"),
    _l("91", "state empty, half, newer", f"{_RESUME}: a state that makes no sense is ignored"),
    _l("92", "two processes, one file", f"{_LOCAL}: processes that want the same file fetch it once"),
    _l(
        "93",
        "lock holder killed",
        f"{_LOCAL}: a killed holder leaves no lock; another host on NFS: not shown here",
    ),
    _l("94", "two workflows sharing a model", "tests/contracts/test_fetchers.py: the same hash wanted twice"),
    _l("95", "clock jumps", "waits and limits use the monotonic clock"),
    _l("96", "network changes", "1, 2, 3 and 40 together"),
    _l("97", "proxies", _UNTESTED + "httpx reads the environment; 407 is named"),
    _l("98", ".netrc", f"{_HTTP}: netrc is not read"),
    _l("99", "tokens in text, logs, state", f"{_RESUME}, {_HTTP}, tests/cli/test_download.py"),
    _l("100", "64 open files, 150 downloads", f"{_LOCAL}: few open files are enough"),
    _l("101", "the terminal is gone", f"{_LOCAL}: a reader that goes away; tests/console/test_progress.py"),
    _l("102", "network mount without flock", "a claimed name with a heartbeat is used there; not shown here"),
    _l("103", "file changes while hashed", "tests/library"),
    _l("104", "hash cache poisoned", "tests/library"),
)
