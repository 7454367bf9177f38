"""Numbers and sizes of SQLite's file format, many at once, against one at a time and against what SQLite writes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard import Memory
from memguard.forgetting.cells import INDEX_LEAF, TABLE_LEAF, local_bytes, varints
from memguard.forgetting.pages import MAGIC, PAGE, USABLE, Codec, PageFile
from memguard.forgetting.schema import Entry, Malformed, columns, schema, varint


def written(value: int) -> bytes:
    """A number as SQLite writes it: seven bits a byte, eight in the ninth."""
    if value >> 56:
        return bytes(value >> 8 + 7 * place & 127 | 128 for place in range(7, -1, -1)) + bytes([value & 255])
    parts = [value & 127]
    while value := value >> 7:
        parts.append(value & 127 | 128)
    return bytes(reversed(parts))


@given(st.lists(st.integers(0, 2**63 - 1) | st.integers(0, 300), min_size=1, max_size=20))
def test_numbers_are_read_as_they_were_written(values: list[int]) -> None:
    data = b"".join(map(written, values))
    starts = np.cumsum([0, *(len(written(value)) for value in values)])[:-1]
    found, sizes = varints(np.frombuffer(data + bytes(9), np.uint8), starts)
    assert found.tolist() == values
    assert sizes.tolist() == [len(written(value)) for value in values]
    assert [varint(data, start) for start in starts.tolist()] == [
        (value, start + len(written(value))) for value, start in zip(values, starts.tolist(), strict=True)
    ]


@given(st.integers(0, 100_000))
def test_a_payload_that_fits_stays_and_one_that_does_not_fills_its_overflow_pages(size: int) -> None:
    for kind, most in ((TABLE_LEAF, 3981), (INDEX_LEAF, 981)):
        local = int(local_bytes(kind, np.array([size]))[0])
        if size <= most:
            assert local == size
        else:
            assert 479 <= local <= most
            assert (size - local) % (USABLE - 4) == 0 or local == 479


def test_a_record_is_read_and_half_of_one_is_refused() -> None:
    record = bytes([6, 0, 1, 9, 17, 16]) + b"\xff" + b"ab" + b"\1\2"
    assert columns(record) == [None, -1, 1, "ab", b"\1\2"]
    with pytest.raises(Malformed):
        columns(b"\x05\x01")
    with pytest.raises(Malformed):
        columns(bytes([2, 15]) + b"\xff")


def test_the_schema_is_read_as_sqlite_reads_it(filled: Memory) -> None:
    vault = filled.home.vault("ana")
    with vault.reading() as session:
        told = session.all("SELECT type, name, tbl_name, coalesce(rootpage, 0), coalesce(sql, '') FROM sqlite_schema")
    assert sorted(schema(PageFile(vault.path, vault.page_key))) == sorted(Entry(*row) for row in told)


def test_pages_open_with_their_key_number_and_bytes_only(filled: Memory) -> None:
    vault = filled.home.vault("ana")
    vault.truncate_log()
    data = np.frombuffer(vault.path.read_bytes(), np.uint8).reshape(-1, PAGE)
    salt = data[0, :16].tobytes()
    numbers = np.arange(1, len(data) + 1)
    opened = Codec(vault.page_key, salt).opened(numbers, data)
    assert opened.authentic.all()
    assert opened.plain[0, :16].tobytes() == MAGIC
    assert not opened.plain[:, USABLE:].any()
    assert not Codec(bytes(32), salt).opened(numbers, data).authentic.any()
    assert not Codec(vault.page_key, bytes(16)).opened(numbers, data).authentic.any()
    assert not Codec(vault.page_key, salt).opened(numbers + 1, data).authentic.any()
    for place in (0, USABLE - 1, USABLE, PAGE - 1):
        altered = data[1:2].copy()
        altered[0, place] ^= 1
        refused = Codec(vault.page_key, salt).opened([2], altered)
        assert not refused.authentic.any()
        assert not refused.plain.any()
