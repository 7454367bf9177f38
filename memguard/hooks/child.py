"""`python -m memguard.hooks.child`: does the job that it reads from stdin. `memguard hook session-end` starts it.

Nobody sees what it prints, so what goes wrong is noted in the cache folder, without content, and the next hook says it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from memguard.errors import MemguardError
from memguard.hooks.end import Job, capture
from memguard.hooks.trouble import clear, note
from memguard.settings import Settings


def main() -> None:
    """Capture one session."""
    job = Job.unpacked(sys.stdin.buffer.read())
    cache = Settings.load(home=None if job.home is None else Path(job.home)).cache
    try:
        capture(job)
    except MemguardError as error:
        note(cache, str(error))
    except Exception as error:  # noqa: BLE001 - its text may quote a memory
        from memguard_server.logs import place_of

        note(cache, place_of(error))
    else:
        clear(cache)


if __name__ == "__main__":
    main()
