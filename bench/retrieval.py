"""Does search find the memory that holds the answer? Three kinds of text, none of which the other two look like.

    python -m bench.retrieval [--data ../shared/data]

conversations  evidence recall on LoCoMo dev, each conversation an owner: actors given, only named in the text, not
               given at all; then on the dialogues written for the project. The baselines use the same texts and
               vectors and SQLite's own FTS5, without any of memguard's ranking.
benign         recall@5 of the benign queries over the poisoning corpus, poison and all, in one store, by text alone.
developer      recall@5 on the developer set, search within the repository: as asked, with one typo, in other words.

What was tuned on LoCoMo dev, the dialogues and the developer set is said in `memguard/retrieval/fuse.py`; the benign
queries were only measured.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import conversations, developer
from bench.common import ROOT, fresh_memory, need, parser, report, table
from bench.conversations import Ranker
from memguard import Memory

HEADLINE = ("benign_strategyqa_facts", "benign_ehr", "benign_locomo")
"""The families whose mean is compared with what is known of others."""


def main() -> None:
    options = parser(__doc__).parse_args()
    locomo = json.loads(need(options.data / "locomo" / "dev.json").read_text())
    dialogues = [json.loads(path.read_text())[0] for path in sorted((ROOT / "bench/data/dialogues").glob("*.json"))]
    spoken = on_conversations(locomo, dialogues)
    table(spoken)
    benign = on_benign(need(options.data / "poisoning" / "dev.jsonl").parent)
    table(benign)
    written = developer.rows()
    report("retrieval", [*spoken, *benign, *written], data="LoCoMo dev, poisoning dev, dialogues, developer set")


def on_conversations(locomo: list[dict[str, Any]], dialogues: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rankers: dict[str, dict[str, Ranker]] = defaultdict(dict)
    for record in locomo:
        for name, ranker in conversations.baselines(record).items():
            rankers[name][record["sample_id"]] = ranker
    rows = [scored(name, locomo, found) for name, found in rankers.items()]
    loads: dict[str, tuple[list[dict[str, Any]], Callable[[Memory], None]]] = {
        "memguard": (locomo, lambda m: conversations.load(m, locomo)),
        "memguard, name in the text": (locomo, lambda m: conversations.load_without_actors(m, locomo, named=True)),
        "memguard, no actors": (locomo, lambda m: conversations.load_without_actors(m, locomo, named=False)),
        "memguard, own dialogues": (dialogues, lambda m: conversations.load(m, dialogues)),
    }
    for what, (records, load) in loads.items():
        with fresh_memory() as memory:
            load(memory)
            ours = {record["sample_id"]: conversations.ours(memory, record["sample_id"]) for record in records}
            rows.append(scored(what, records, ours))
    return rows


def scored(what: str, records: list[dict[str, Any]], rankers: dict[str, Ranker]) -> dict[str, Any]:
    questions = [q for record in records for q in conversations.questions_of(record)]
    return {"what": what, **conversations.scores(questions, rankers), "questions": len(questions)}


def on_benign(folder: Path) -> list[dict[str, Any]]:
    """Recall@5 by family. Only the texts are stored: who wrote them is for a defence to look at."""
    records = [json.loads(line) for line in (folder / "dev.jsonl").read_text().splitlines()]
    queries = [json.loads(line) for line in (folder / "dev_queries.jsonl").read_text().splitlines()]
    shares: dict[str, list[float]] = defaultdict(list)
    with fresh_memory() as memory:
        stored = memory.add_many([{"text": record["text"]} for record in records], user_id="corpus")
        known = {outcome.id: record["id"] for outcome, record in zip(stored, records, strict=True)}
        for query in queries:
            if query["kind"] == "benign" and query["gold_ids"]:
                found = {known[hit.id] for hit in memory.search(query["query"], user_id="corpus", limit=5)}
                shares[query["family"]].append(len(found & set(query["gold_ids"])) / len(query["gold_ids"]))
    means = {family: sum(values) / len(values) for family, values in sorted(shares.items())}
    headline = sum(means[family] for family in HEADLINE) / len(HEADLINE)
    return [{"what": "benign R@5, mean of three", "R@5": round(100 * headline, 1)}] + [
        {"what": family, "R@5": round(100 * mean, 1), "questions": len(shares[family])}
        for family, mean in means.items()
    ]


if __name__ == "__main__":
    main()
