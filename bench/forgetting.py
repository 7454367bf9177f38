"""Is what was forgotten gone, from everywhere, at every moment, at what cost?

    python -m bench.forgetting [--only 1,4] [--rounds 50] [--kills 200] [--memories 100000] [--vaults 5000] [--seed N]

1  residue   so many vaults for each of four scopes are erased from while two other processes add, reword and search. At
             *complete* a scan of its own looks for every made-up word, value, id and vector of what went: in decrypted
             pages and log, index terms, files of home and keys, and answers here and in the other processes. The same
             scan before is its control, and has to see all of them.
2  answers   three processes had the vault open: what they answer after `forget` returned, run after run
3  copies    a copied home, keyring and backup from before, with every key there is after one of three owners went
4  crash     kill -9 at a random moment of a forget: `resume` ends where no crash would have
5  cost      erasing one memory of 100,000 over one of 1,000, with made-up vectors; the closed-world look
6  owners    an owner forgotten among 5,000 vaults while ten processes add to their own
7  certificates  single bytes changed, and personal data looked for

All takes about half an hour. Lines that are not run keep today's rows; each row says when it was made, and under what
load (runnable processes of the minute before, those of this benchmark included).

Not measured: a power cut, other file systems, the packaged model and tagger (vectors follow from the text, rules find
personal data, so that a round takes seconds), memory and swap of the processes.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bench.common import RESULTS, parser, report
from bench.forgetting_cost import among_many, erasing
from bench.forgetting_crash import killed
from bench.forgetting_keys import certificates, copies
from bench.forgetting_residue import answered_afterwards, left_at_complete
from bench.forgetting_vault import RUNS

RUNS_MAX = RUNS - 1
"""Line 2 forgets run after run; with the last one everything would go, which has to be asked for in another way."""
Rows = list[dict[str, Any]]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--only", default="1,2,3,4,5,6,7", help="lines, by number")
    options.add_argument("--rounds", type=int, default=50)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--memories", type=int, default=100_000)
    options.add_argument("--vaults", type=int, default=5_000)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    given = options.parse_args()
    lines: dict[int, Callable[[], Rows]] = {
        1: lambda: left_at_complete(given.rounds),
        2: lambda: answered_afterwards(min(given.rounds, RUNS_MAX)),
        3: copies,
        4: lambda: killed(given.kills, given.seed),
        5: lambda: erasing(given.memories),
        6: lambda: among_many(given.vaults),
        7: certificates,
    }
    made = [row for line in map(int, given.only.split(",")) for row in _reported(line, _measured(lines[line]))]
    sys.exit(not all(row["ok"] for row in made))


def _reported(line: int, made: Rows) -> Rows:
    """Write a line's rows beside today's others at once: the next one may take ten minutes, and fail."""
    rows, details = _of_today()
    details[str(line)] = {row["what"]: row.pop("details") for row in made if "details" in row}
    rows = [*(row for row in rows if row["line"] != line), *made]
    report("forgetting", sorted(rows, key=lambda row: int(row["line"])), details=details)
    return made


def _measured(line: Callable[[], Rows]) -> Rows:
    """The rows of a line, with when they were made, how long that took and under what load."""
    started = time.monotonic()
    rows = line()
    load, at = round(os.getloadavg()[0], 1), datetime.now(UTC).isoformat(timespec="minutes")
    for row in rows:
        row |= {"at": at, "load": load, "seconds": round(time.monotonic() - started)}
    return rows


def _of_today() -> tuple[Rows, dict[str, Any]]:
    """What was measured today already."""
    path = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-forgetting.json"
    document = json.loads(path.read_text()) if path.exists() else {"rows": [], "details": {}}
    return document["rows"], document["details"]


if __name__ == "__main__":
    main()
