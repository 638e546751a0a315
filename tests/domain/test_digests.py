"""Hashes are read as they are written, compared only where they can be, and weak ones never prove anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdeps.domain.digests import EMPTY_SHA256, LENGTHS, Algorithm, Digest, agreement, find_digest

digests = st.sampled_from(list(Algorithm)).flatmap(
    lambda algorithm: st.text(
        "0123456789abcdef", min_size=LENGTHS[algorithm], max_size=LENGTHS[algorithm]
    ).map(lambda value: Digest(algorithm, value))
)
ABC = Digest.parse("sha256:" + "ab12" * 16)


@given(digests)
def test_what_is_written_reads_back(digest: Digest) -> None:
    assert Digest.parse(str(digest)) == digest


@given(digests)
def test_letter_case_and_a_leading_0x_do_not_matter(digest: Digest) -> None:
    assert Digest.of(digest.algorithm, "0x" + digest.value.upper()) == digest


@pytest.mark.parametrize(
    "text", ["", "sha256:", "sha256:zz", "md5:" + "0" * 32, "0" * 8, "sha256:" + "0" * 63]
)
def test_what_is_no_hash_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        Digest.parse(text)


def test_a_bare_hash_is_told_by_its_length() -> None:
    assert Digest.parse("A" * 64).algorithm is Algorithm.SHA256
    assert Digest.parse("a" * 12).algorithm is Algorithm.AUTOV3
    assert Digest.parse("a" * 10).algorithm is Algorithm.AUTOV2


def test_the_long_autov3_of_2023_is_the_short_one() -> None:
    assert Digest.of(Algorithm.AUTOV3, "c" * 64) == Digest(Algorithm.AUTOV3, "c" * 12)


def test_autov2_is_the_first_ten_digits_of_sha256() -> None:
    assert Digest(Algorithm.AUTOV2, ABC.value[:10]).agrees(ABC) is True
    assert ABC.agrees(Digest(Algorithm.AUTOV2, "0" * 10)) is False


def test_hashes_of_different_kinds_say_nothing_of_each_other() -> None:
    assert ABC.agrees(Digest(Algorithm.BLAKE3, ABC.value)) is None


@pytest.mark.parametrize("algorithm", [Algorithm.AUTOV1, Algorithm.CRC32])
def test_a_weak_hash_denies_but_never_affirms(algorithm: Algorithm) -> None:
    same, other = Digest(algorithm, "de2f2560"), Digest(algorithm, "00000000")
    assert agreement((same,), (same,)) is None
    assert agreement((same,), (other,)) is False


def test_the_hash_of_nothing_proves_nothing() -> None:
    nothing = Digest(Algorithm.AUTOV3, EMPTY_SHA256[:12])
    assert agreement((nothing,), (nothing,)) is None


def test_the_strongest_comparison_decides() -> None:
    mine = (ABC, Digest(Algorithm.AUTOV3, "1" * 12))
    rewritten = (Digest(Algorithm.SHA256, "0" * 64), Digest(Algorithm.AUTOV3, "1" * 12))
    assert agreement(mine, rewritten) is False
    assert agreement(mine, (ABC,)) is True
    assert agreement(mine, ()) is None


def test_a_digest_is_found_by_its_algorithm() -> None:
    assert find_digest((ABC,), Algorithm.SHA256) is ABC
    assert find_digest((ABC,), Algorithm.CRC32) is None
