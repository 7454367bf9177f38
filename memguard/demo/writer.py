"""A process that writes until it is killed; it prints the id of each memory once that is acknowledged."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from memguard.demo.story import OWNER
from memguard.memory import Memory


def main() -> None:
    base = Path(sys.argv[1])
    with Memory(base / "home", keys=base / "keys") as memory:
        for number in count():
            stored = memory.add(f"Batch {number} of rye went into the oven.", user_id=OWNER, run_id="writer")
            print("" if isinstance(stored, list) else stored.id, flush=True)


if __name__ == "__main__":
    main()
