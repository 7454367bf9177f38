"""The vault's benchmarks, one after the other: each is also a command of its own.

    python -m bench.store [--quick]

Takes about 45 minutes; --quick takes fewer kills, seconds, owners and memories, and says so in each table.
"""

from __future__ import annotations

import subprocess
import sys

from bench.common import parser

WHOLE: dict[str, list[str]] = {
    "crash": [],
    "processes": [],
    "at_rest": [],
    "changes": [],
    "speed": [],
    "owners": [],
}
QUICK = {
    "crash": ["--kills", "20"],
    "processes": ["--seconds", "10"],
    "speed": ["--memories", "2000", "--rounds", "100"],
    "owners": ["--owners", "200"],
}


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--quick", action="store_true")
    quick = arguments.parse_args().quick
    failed = []
    for name, options in WHOLE.items():
        chosen = QUICK.get(name, options) if quick else options
        print(f"\n== python -m bench.{name} {' '.join(chosen)}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}", *chosen], check=False).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
