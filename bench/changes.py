"""Changes of mind: does the current statement come first, and does the old one stay readable?

    python -m bench.changes

The data was written for memguard (bench/data/changes.jsonl): 60 changes that say their topic and new value, restated or
announced; oblique ones, which only inference can tell (reported apart); pairs that look like changes and are none; and
fillers. All go into one vault in the order of their times. Queries name neither value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bench.common import ROOT, fresh_memory, parser, report
from memguard import Memory, Stored

DATA = ROOT / "bench" / "data" / "changes.jsonl"


def main() -> None:
    parser(__doc__).parse_args()
    items = [json.loads(line) for line in DATA.read_text().splitlines()]
    with fresh_memory() as memory:
        stored = load(memory, items)
        name_of = {memory_id: name for name, outcome in stored.items() for memory_id in [outcome.id]}
        superseded = {(name_of[old], name) for name, outcome in stored.items() for old in outcome.superseded}
        rows = []
        for phrasing in (("restated", "announced"), ("restated",), ("announced",), ("oblique",)):
            chosen = [item for item in items if item.get("phrasing") in phrasing]
            rows.append({"phrasing": " + ".join(phrasing), **figures(memory, chosen, superseded)})
    wrong = sorted(pair for pair in superseded if not (pair[0][:-1] == pair[1][:-1] and pair[0].startswith("c")))
    look_alikes = sum(item["kind"] == "both" for item in items)
    print(f"superseded though both are true: {len(wrong)} of {look_alikes} look-alikes and all other pairs: {wrong}")
    report("changes", rows, wrongly_superseded=wrong)


def load(memory: Memory, items: list[dict[str, Any]]) -> dict[str, Stored]:
    """Every statement by its name (c01.old, c01.new, ...), stored oldest first."""
    statements = sorted(
        ((s, name) for item in items for name, s in statements_of(item)), key=lambda pair: pair[0]["at"]
    )
    fields = [
        {
            "text": s["text"],
            "actor": s["actor"] or None,
            "happened_at": datetime.fromisoformat(s["at"]),
            "metadata": {"name": n},
        }
        for s, n in statements
    ]
    return dict(zip([name for _, name in statements], memory.add_many(fields, user_id="bench"), strict=True))


def statements_of(item: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for suffix, part in (("o", "old"), ("n", "new"), ("a", "first"), ("b", "second")):
        if part in item:
            yield item["id"] + suffix, item[part]
    if item["kind"] == "filler":
        yield item["id"] + "f", item


def figures(memory: Memory, items: list[dict[str, Any]], superseded: set[tuple[str, str]]) -> dict[str, Any]:
    above = first = readable = marked = 0
    for item in items:
        hits = [hit.metadata["name"] for hit in memory.search(item["query"], user_id="bench", limit=10)]
        old, new = item["id"] + "o", item["id"] + "n"
        rank = {name: hits.index(name) if name in hits else 99 for name in (old, new)}
        above += rank[new] < rank[old]
        first += rank[new] == 0
        readable += bool(memory.get_all(user_id="bench", filters={"name": old}))
        marked += (old, new) in superseded
    n = len(items)
    return {
        "changes": n,
        "current before old": above / n,
        "current at rank 1": first / n,
        "old readable": readable / n,
        "marked superseded": marked / n,
    }


if __name__ == "__main__":
    main()
