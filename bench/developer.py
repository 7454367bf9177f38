"""Does a coding agent find what was noted in its repository, and nothing of another one?

    python -m bench.developer

The set was written for the project (`bench/data/developer`): 70 memories of each of three repositories of one
developer, who decides the same kinds of things in each; 150 questions, with one typo each, and in other words. Half of
its topics have a tempting answer in another repository. `hits elsewhere` counts hits from another repository among the
first ten.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from bench.common import ROOT, fresh_memory, parser, report
from memguard import Memory

OWNER = "developer"
FOLDER = ROOT / "bench" / "data" / "developer"
FORMS = {"question": "as asked", "typo": "one typo", "paraphrase": "in other words"}


def main() -> None:
    parser(__doc__).parse_args()
    report("developer", rows())


def rows() -> list[dict[str, Any]]:
    questions = [json.loads(line) for line in (FOLDER / "questions.jsonl").read_text().splitlines()]
    found = []
    with fresh_memory() as memory:
        load(memory)
        for form, shown in FORMS.items():
            found.append({"what": f"developer, {shown}", **asked(memory, questions, form)})
    plain = found[0]["R@5"]
    return [row | {"of as asked": round(row["R@5"] / plain, 3)} for row in found]


def load(memory: Memory) -> None:
    """Every memory in its repository's environment; each has its key as idempotency key."""
    ids: dict[str, str] = {}
    for line in (FOLDER / "memories.jsonl").read_text().splitlines():
        item = json.loads(line)
        earlier = item.get("supersedes_key")
        stored = memory.add_many(
            [
                {
                    "text": item["text"],
                    "environment": item["repository"],
                    "source": item["source"],
                    "happened_at": datetime.fromisoformat(item["happened_at"]),
                    "metadata": {"key": item["key"]},
                    "supersedes": [ids[earlier]] if earlier else [],
                }
            ],
            user_id=OWNER,
        )
        ids[item["key"]] = stored[0].id


def asked(memory: Memory, questions: list[dict[str, Any]], form: str) -> dict[str, Any]:
    """Recall@5 and @10 in percent, within the question's repository and what belongs to none."""
    at5, at10, elsewhere = [], [], 0
    for question in questions:
        here = question["repository"]
        within = {"OR": [{"environment": here}, {"NOT": {"environment": "*"}}]}
        hits = memory.search(question[form], user_id=OWNER, limit=10, filters=within)
        keys = [hit.metadata["key"] for hit in hits]
        wanted = set(question["evidence"])
        at5.append(len(wanted & set(keys[:5])) / len(wanted))
        at10.append(len(wanted & set(keys)) / len(wanted))
        elsewhere += sum(hit.record.environment != here for hit in hits)
    return {
        "R@5": round(100 * sum(at5) / len(at5), 1),
        "R@10": round(100 * sum(at10) / len(at10), 1),
        "questions": len(questions),
        "hits elsewhere": elsewhere,
    }


if __name__ == "__main__":
    main()
