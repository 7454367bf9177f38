"""Inner products of a few vectors, without waking BLAS threads.

OpenBLAS starts its threads for a product of [300, 384] with one vector; they then spin beside the thread that reads the
question. Measured on two cores, in a host that has not set their number: 1.2 ms of a search of 14.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

ONE_THREAD_MAX = 1 << 18
"""Multiplications that OpenBLAS does in the calling thread."""


def products(rows: Floats, others: Floats) -> Floats:
    """The inner products [n, m] of vectors [n, d] with vectors [m, d]."""
    found = np.empty((len(rows), len(others)), np.float32)
    block = max(1, ONE_THREAD_MAX // max(1, others.size))
    for start in range(0, len(rows), block):
        np.matmul(rows[start : start + block], others.T, out=found[start : start + block])
    return found


def products_with(rows: Floats, vector: Floats) -> Floats:
    """The inner products [n] of vectors [n, d] with one vector [d]."""
    found: Floats = np.vecdot(rows, vector)
    return found
