"""Conversations in LoCoMo's form, their questions, and how a ranking of turns is scored. Shared by benchmarks.

Recall@k is the mean share of a question's evidence turns among the first k hits; hit@k is whether any is there.
Categories 1 to 4; questions without resolvable evidence are skipped (the data's README says why there are some).
"""

from __future__ import annotations

import json
import re
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from memguard import Memory
from memguard.retrieval.embedder import PackagedEmbedder
from memguard.retrieval.question import terms
from memguard.settings import Settings

CATEGORIES = {1: "multi", 2: "temporal", 3: "open", 4: "single"}
DEPTH = 200
Ranker = Callable[[str], list[str]]


@dataclass(frozen=True)
class Question:
    owner: str
    text: str
    category: int
    evidence: frozenset[str]


def questions_of(record: dict[str, Any]) -> list[Question]:
    """The questions of a conversation whose evidence exists in it."""
    known = {
        turn["dia_id"] for name, turns in record["conversation"].items() if isinstance(turns, list) for turn in turns
    }
    found = []
    for qa in record["qa"]:
        cited = re.findall(r"D:?(\d+):0*(\d+)", " ".join(map(str, qa.get("evidence", []))))
        evidence = frozenset(f"D{session}:{turn}" for session, turn in cited) & known
        if qa["category"] in CATEGORIES and evidence:
            found.append(Question(record["sample_id"], qa["question"], qa["category"], evidence))
    return found


def load(memory: Memory, conversations: list[dict[str, Any]]) -> None:
    """Import each conversation through the public door, an owner each."""
    for record in conversations:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(record, file)
            file.flush()
            memory.import_(file.name, user_id=record["sample_id"])


def load_without_actors(memory: Memory, conversations: list[dict[str, Any]], *, named: bool) -> None:
    """The same turns, runs and times, but nobody is said to be their actor; `named` writes the name into the text."""
    for record in conversations:
        items = []
        for name, turns in record["conversation"].items():
            if not isinstance(turns, list):
                continue
            for turn in turns:
                text = f"{turn['text']} [photo: {turn['blip_caption']}]" if turn.get("blip_caption") else turn["text"]
                happened = session_time(record["conversation"][f"{name}_date_time"])
                items.append(
                    {
                        "text": f"{turn['speaker']}: {text}" if named else text,
                        "run_id": name,
                        "happened_at": happened,
                        "metadata": {"dia_id": turn["dia_id"]},
                    }
                )
        memory.add_many(items, user_id=record["sample_id"])


def session_time(text: str) -> datetime:
    """The time of a session: "1:56 pm on 8 May, 2023"."""
    return datetime.strptime(text, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)


def ours(memory: Memory, owner: str) -> Ranker:
    return lambda question: [hit.metadata["dia_id"] for hit in memory.search(question, user_id=owner, limit=20)]


def baselines(record: dict[str, Any]) -> dict[str, Ranker]:
    """Words, meaning, their reciprocal rank fusion, and the sum of their z-scores."""
    turns = [t for name, ts in record["conversation"].items() if isinstance(ts, list) for t in ts]
    ids = [t["dia_id"] for t in turns]
    texts = [f"{t['speaker']}: {t['text']}" for t in turns]
    embedder = PackagedEmbedder(Settings.load().cache)
    matrix = np.array([v[0] for v in embedder.embed(texts)])
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE w USING fts5 (text, tokenize = 'porter unicode61')")
    connection.executemany("INSERT INTO w (rowid, text) VALUES (?, ?)", enumerate(texts))

    def words(question: str) -> np.ndarray[Any, Any]:
        result = np.zeros(len(ids))
        query = " OR ".join(f'"{t}"' for t in terms(question))
        for row, score in connection.execute("SELECT rowid, -bm25(w) FROM w WHERE w MATCH ?", (query,)):
            result[row] = score
        return result

    def meaning(question: str) -> np.ndarray[Any, Any]:
        return np.asarray(matrix @ embedder.embed([question])[0][0])

    def fused(question: str) -> np.ndarray[Any, Any]:
        total = np.zeros(len(ids))
        for part in (words(question), meaning(question)):
            total[np.argsort(-part, kind="stable")] += 1 / (60 + np.arange(1, len(ids) + 1))
        return total

    def summed(question: str) -> np.ndarray[Any, Any]:
        parts = (0.3 * z(words(question)), 0.7 * z(meaning(question)))
        return np.asarray(sum(parts))

    def ranker(score: Callable[[str], np.ndarray[Any, Any]]) -> Ranker:
        return lambda question: [ids[i] for i in np.argsort(-score(question), kind="stable")[:20]]

    return {
        "bm25 porter+stop": ranker(words),
        "MiniLM": ranker(meaning),
        "RRF of both": ranker(fused),
        "z-score sum": ranker(summed),
    }


def z(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray((values - values.mean()) / (values.std() or 1))


def scores(questions: list[Question], rankers: dict[str, Ranker]) -> dict[str, Any]:
    """Means in percent over all questions, and recall@10 for each category."""
    totals: dict[str, list[float]] = defaultdict(list)
    for question in questions:
        found = rankers[question.owner](question.text)
        for k in (5, 10, 20):
            share = len(question.evidence & set(found[:k])) / len(question.evidence)
            totals[f"R@{k}"].append(share)
            if k < 20:
                totals[f"H@{k}"].append(float(share > 0))
            if k == 10:
                totals[f"{CATEGORIES[question.category]} R@10"].append(share)
    order = ["R@5", "R@10", "R@20", "H@5", "H@10", *(f"{name} R@10" for name in CATEGORIES.values())]
    return {name: round(100 * sum(totals[name]) / len(totals[name]), 1) for name in order if totals[name]}
