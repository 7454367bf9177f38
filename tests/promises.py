"""The promises that this version keeps, and the mark a test carries that holds one.

    @promise("P1")
    def test_...

tests/test_promises.py sees to it that no promise is without a test, and no test holds what nobody promised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])

PROMISES = {
    "P1": "One transaction a write: a memory is in the vault whole or not at all, and what was acknowledged is there.",
    "P2": "The vault is the truth, indexes are copies: every process sees a write, or an erasure, at its next call.",
    "P3": "One owner, one vault, one file, one key: nothing comes from a vault that the caller did not name.",
    "P6": "Nothing is lost silently: what is refused comes with a reason, and leaves the vault as it was.",
    "P7": "Forgotten is gone, where the certificate says complete: no byte of it in any file that memguard wrote.",
    "P8": "Forgetting casts no shadow: every answer is that of a vault that never held what was erased.",
    "P9": "Errors carry ids, never content; nor do logs and file names.",
}
"""Said in full in the design, section 2; the others come with the parts that keep them."""


def promise(*ids: str) -> Callable[[Test], Test]:
    """Mark a test as one that holds these promises. An unknown one fails at once."""
    unknown = sorted(set(ids) - PROMISES.keys())
    if unknown or not ids:
        raise ValueError(f"no such promise: {', '.join(unknown) or 'none named'}; there are {', '.join(PROMISES)}")

    def marked(test: Test) -> Test:
        return test

    return marked
