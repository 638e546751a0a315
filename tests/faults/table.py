"""The 104 numbered faults: what happens, what is expected, and how each is shown.

Three kinds: *served* (a server misbehaves: `server.py` does it to any client), *made here* (the machine misbehaves:
a harness of `local.py` does it to any client), and *tested* (about our own API, state or readers: the tests named
are run, for wfdeps alone). What cannot be shown on Linux is argued.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SIZE = 700_000


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """One row. `expect`: `whole` (the file comes, right), `absent` (nothing under the final name), or a sentence."""

    number: str
    what: str
    expect: str
    options: dict[str, object] = field(default_factory=dict)
    path: str = "/file.bin"
    """Empty for faults that are not served."""
    hashed: bool = True
    harness: str = ""
    """Its key in `local.HARNESSES`."""
    tests: tuple[str, ...] = ()
    """Where they stand below `tests/`, with the name of the test."""
    argued: str = ""


def _s(
    number: str, what: str, expect: str, path: str = "/file.bin", hashed: bool = True, **options: object
) -> Fault:
    return Fault(number, what, expect, options, path, hashed)


def _l(number: str, what: str, expect: str) -> Fault:
    return Fault(number, what, expect, path="", harness=number)


def _t(number: str, what: str, expect: str, *tests: str) -> Fault:
    return Fault(number, what, expect, path="", tests=tests)


def _argued(number: str, what: str, expect: str, why: str) -> Fault:
    return Fault(number, what, expect, path="", argued=why)


_HTTP, _LOCAL, _RESUME = "test_http.py", "fetch/test_local_faults.py", "fetch/test_resuming.py"
_TLS, _ONE, _LAYOUT = (
    "fetch/test_over_tls.py",
    "fetch/test_faults_of_a_transfer.py",
    "planning/test_layout.py",
)

FAULTS: tuple[Fault, ...] = (
    _s("1a", "connection closed at byte k, every 200,000 bytes", "whole", cut=200_000),
    _s("1b", "connection closed in the head of the answer, twice", "whole", hashed=False, cuthead=1, times=2),
    _s("1c", "connection closed in the head of the answer, always", "absent", hashed=False, cuthead=1),
    _s("2", "reset at byte k", "whole", cut=300_000, rst=1),
    _s("3", "stall for ever at byte k, once", "whole", stall=262_144, times=1),
    _s("4", "slow drip, once", "whole", drip=0.5, times=1),
    _s("5", "closed without an answer, twice", "whole", drop=1, times=2),
    _s("6", "unknown host", "absent", path="http://no-such-host.invalid/file.bin"),
    _t(
        "7",
        "IPv6 black hole",
        "IPv4 within a second",
        "test_dialing.py::test_an_ipv6_black_hole_costs_less_than_a_second",
    ),
    _s("8", "TLS: self-signed certificate", "absent", tls="strange"),
    _t(
        "9",
        "TLS without close_notify at the exact end",
        "whole",
        f"{_TLS}::test_without_a_goodbye_the_length_tells_the_end",
    ),
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
    _s("19a", "206 with another start", "whole", shift=5),
    _s("19b", "206 with less than was asked for, at most 50,000 bytes", "whole", most=50_000),
    _s("20", "206 with another total", "whole", total=SIZE + 9, cut=300_000, times=1),
    _s("21", "multipart/byteranges", "whole", multipart=1),
    _s("22", "206 without Content-Range, after a cut", "whole", norangeheader=1, cut=300_000, times=2),
    _t(
        "23",
        "416 with */N, N the part's size",
        "hashed, finished",
        f"{_RESUME}::test_a_complete_part_is_hashed_and_handed_on_without_a_request",
    ),
    _t(
        "24",
        "416, the object shrank",
        "fetched anew",
        f"{_RESUME}::test_a_shrunken_object_is_fetched_anew",
    ),
    _t(
        "25",
        "416 without Content-Range",
        "fetched anew",
        f"{_RESUME}::test_a_shrunken_object_is_fetched_anew",
    ),
    _s("26", "ETag changes between ranges", "whole", changing_etag=1, cut=300_000, times=2),
    _s("27", "weak ETag, cuts", "whole", weak=1, cut=200_000),
    _s("28", "no validator, a known hash, cuts", "whole", novalidator=1, cut=200_000),
    _t(
        "29",
        "ETag differs per mirror",
        "continued from another mirror",
        f"{_ONE}::test_mirrors_are_tried_in_order_and_continue_what_another_began",
    ),
    _s("30", "HEAD refused", "whole", nohead=1),
    _s("31", "HEAD and GET differ in length", "whole", headlength=SIZE // 2),
    _s("32a", "five redirects", "whole", path="/hop", hops=5),
    _s("32b", "a redirect loop", "absent", path="/hop", to="self"),
    _s("33", "redirect to a host that refuses Authorization", "whole", path="/hop", other=1, needs_no_auth=1),
    _t(
        "34",
        "redirect https → http",
        "refused",
        f"{_HTTP}::test_redirects_that_are_refused",
        f"{_HTTP}::test_an_insecure_redirect_needs_leave",
    ),
    _s("35", "redirect to another port", "whole", path="/hop", other=1),
    _s("36a", "redirect to file://", "absent", path="/hop", to="file:///etc/hostname"),
    _s("36b", "redirect to 169.254.169.254", "absent", path="/hop", to="http://169.254.169.254/"),
    _s("37", "redirect with a user name", "absent", path="/hop", to="http://a:b@127.0.0.1:1/"),
    _t("38", "injection through Location", "refused", f"{_HTTP}::test_redirects_that_are_refused"),
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
    _t(
        "52",
        "captive portal: every host answers with a page",
        "refused, nothing placed, no more asked",
        "fetch/test_portals.py::test_when_every_host_answers_with_a_page_the_rest_is_not_asked",
    ),
    _t(
        "53",
        "API: cut JSON, HTML",
        "two more tries, then a typed error",
        f"{_HTTP}::test_json_that_does_not_parse_gets_two_more_tries",
        f"{_HTTP}::test_a_page_where_json_was_due_gets_two_more_tries",
    ),
    _t(
        "54",
        "API: missing or empty hashes",
        "unknown, never a match",
        "sources/test_civitai_payloads.py::test_hashes_are_folded_and_the_hash_of_nothing_is_left_out",
        "sources/test_civitai_payloads.py::test_hashes_of_the_wrong_length_are_left_out",
    ),
    _t(
        "55",
        "API: another model for the hash",
        "the asked hash decides",
        "contracts/test_sources.py::test_a_candidate_for_a_hash_has_that_hash",
    ),
    _t(
        "56",
        "API: a cursor that repeats",
        "ends",
        "sources/test_civitai_source.py::test_an_endless_cursor_ends",
    ),
    _s("57", "503 beyond one connection", "whole", cap=1),
    _s("58", "more bytes than asked for", "whole", extra=1000),
    _s("59", "two versions behind one address", "whole", versions=1, cut=300_000, times=2),
    _s("60", "HTTP/1.0", "whole", http10=1),
    _s("61", "103 before 200", "whole", early=1),
    _s("62", "ten thousand headers", "absent", bomb_headers=10_000),
    _t("63", "decompression bomb on API JSON", "cut off", f"{_HTTP}::test_a_bomb_is_cut_off"),
    _s("64", "Content-Disposition: ../../evil", "whole", disposition='attachment; filename="../../evil.bin"'),
    _s(
        "65",
        "filename*=UTF-8''..%2f..%2fetc",
        "whole",
        disposition="attachment; filename*=UTF-8''..%2f..%2fevil.bin",
    ),
    _t(
        "66",
        "CON, trailing dots, > 255 bytes, a:b",
        "refused and named",
        f"{_LAYOUT}::test_a_name_that_could_leave_its_folder_or_be_stored_nowhere_is_refused_and_named",
    ),
    _t(
        "67",
        "names equal under case folding or NFC",
        "found at plan time",
        f"{_LAYOUT}::test_names_that_differ_in_case_or_unicode_form_only_collide",
        "planning/test_build.py::test_two_files_that_a_case_blind_disk_takes_for_one_are_both_blocked",
    ),
    _t(
        "68",
        "pickle under a .safetensors name",
        "type from bytes",
        "detect/test_trouble.py::test_trouble_is_named",
    ),
    _t(
        "69",
        "workflow names that leave the root",
        "never leaves it",
        "planning/test_build.py::test_no_target_leaves_its_folder",
        "planning/test_build.py::test_a_hostile_name_is_refused_at_plan_time_and_named",
    ),
    _l("70", "the target is a link to elsewhere", "not written through"),
    _t(
        "71",
        "part or lock is a planted link",
        "not written through",
        f"{_RESUME}::test_a_planted_link_is_not_written_through",
        "fetch/test_leases.py::test_a_planted_link_is_no_lock",
    ),
    _t(
        "72",
        "folder swapped for a link in between",
        "not followed",
        "test_disk.py::test_a_link_below_the_root_is_not_followed",
    ),
    _argued(
        "73",
        "zip archives that lie",
        "no member leaves",
        "archives are never unpacked: there is nothing they could write",
    ),
    _t(
        "74",
        "safetensors headers that lie",
        "corrupt, told how",
        "detect/test_safetensors.py::test_a_header_that_lies_is_corrupt_and_says_how",
        "detect/test_safetensors.py::test_of_two_entries_of_one_name_the_last_counts_as_it_does_for_serde",
    ),
    _t(
        "75",
        "GGUF headers that lie",
        "corrupt at once",
        "detect/test_gguf.py::test_a_count_that_lies_is_corrupt_at_once",
    ),
    _l("76", "no room before the start", "absent"),
    _l("77", "no room in the middle, then room again", "absent, then whole"),
    _l("78", "EFBIG, RLIMIT_FSIZE", "absent"),
    _l("79", "read-only disk", "absent, not a byte fetched"),
    _t(
        "80",
        "fallocate unsupported",
        "goes on without",
        "fetch/test_full_disks.py::test_where_room_cannot_be_set_aside_the_file_comes_all_the_same",
    ),
    _t(
        "81",
        "cross-device rename",
        "copied, then named",
        "test_disk.py::test_bytes_from_another_file_system_are_copied_and_then_named",
    ),
    _l("82", "the target is there, same hash", "not fetched again"),
    _l("83", "the target is there, another hash", "kept, and said"),
    _t(
        "84",
        "target open in another program (Windows)",
        "tried again, then an error",
        "test_disk.py::test_what_is_busy_for_a_moment_is_tried_again",
    ),
    _argued(
        "85",
        "paths > 260 (Windows)",
        "works",
        "not shown: no Windows here. Python 3.11 opens long paths where the system allows them; where not, the error names the path",
    ),
    _l("86", "SIGINT in the middle", "absent, then continued"),
    _l("87a", "SIGTERM in the middle", "absent, then continued"),
    _l("87b", "SIGHUP in the middle", "absent, then continued"),
    _l("88", "SIGKILL at random bytes (200 by kills.py)", "right or absent, then whole"),
    _t(
        "89",
        "data lost after the state was written",
        "mended",
        f"{_RESUME}::test_a_part_cut_behind_its_state_is_mended",
        "fetch/test_any_sequence_of_runs.py::TestRuns",
    ),
    _t(
        "90",
        "part altered by another program",
        "only its piece comes again",
        f"{_RESUME}::test_a_byte_altered_in_the_part_is_found_and_only_its_piece_fetched_again",
    ),
    _t(
        "91", "state empty, half, newer", "ignored", f"{_RESUME}::test_a_state_that_makes_no_sense_is_ignored"
    ),
    _l("92", "two processes, one file", "fetched once, both end well"),
    _l("93a", "lock holder killed", "taken over"),
    _t(
        "93b",
        "lock holder on another machine falls silent",
        "taken over",
        "fetch/test_leases.py::test_a_holder_on_another_machine_that_falls_silent_loses_it",
    ),
    _t(
        "94",
        "two workflows sharing a model",
        "fetched once",
        "contracts/test_fetchers.py::test_the_same_hash_wanted_twice_is_fetched_once",
    ),
    _t(
        "95",
        "clock jumps",
        "no wait is measured by it",
        "fetch/test_local_faults.py::test_no_wait_is_measured_by_a_clock_that_may_jump",
    ),
    _argued(
        "96",
        "network changes, an hour of suspend",
        "continued",
        "1 to 3 (cut, reset, stall), 39 and 40 (the address expired meanwhile) and 86 (a later run) together; no radio here to switch",
    ),
    _l("97a", "HTTP_PROXY, NO_PROXY with a network", "honoured"),
    _t("97b", "ALL_PROXY socks5, 407, its login", "honoured, named, never told", "test_routes.py"),
    _l("98", ".netrc for the host of a redirect", "not sent"),
    _t(
        "99",
        "tokens in text, logs, state",
        "never",
        f"{_RESUME}::test_state_and_part_tell_nobody_else_anything",
        "cli/test_download.py::test_no_secret_of_an_address_is_shown",
        f"{_HTTP}::test_a_token_goes_to_its_origin_and_to_no_other",
    ),
    _t(
        "100",
        "64 open files, 1,000 downloads",
        "all come",
        f"{_LOCAL}::test_few_open_files_are_enough_for_many_downloads",
    ),
    _l("101", "output closed, locale C, 8 columns", "whole"),
    _t(
        "102",
        "network mount: no flock, ESTALE",
        "a heartbeat; tried again",
        "fetch/test_leases.py::test_a_lease_is_held_by_one_at_a_time[shared]",
        "test_disk.py::test_what_is_busy_for_a_moment_is_tried_again",
    ),
    _t(
        "103",
        "file changes while hashed",
        "not remembered",
        "library/test_index_and_scan.py::test_facts_hold_for_the_file_that_was_looked_at_and_no_other",
    ),
    _t(
        "104",
        "hash cache poisoned: same size and time",
        "not believed",
        "library/test_index_and_scan.py::test_a_stamp_as_young_as_the_clocks_tick_is_not_believed",
        "library/test_index_and_scan.py::test_a_stamp_changes_with_size_time_and_inode",
    ),
)
