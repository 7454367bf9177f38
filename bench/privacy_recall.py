"""What privacy costs: recall on LoCoMo dev and by parts of names, restored hits, milliseconds. For `bench.privacy`."""

from __future__ import annotations

import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import Any
from unittest.mock import patch

import numpy as np

from bench import conversations
from bench.common import ROOT, fresh_memory
from bench.conversations import Question
from memguard import Memory, intake
from memguard.flows.screen import screen
from memguard.privacy.known import Known
from memguard.privacy.placeholders import PLACEHOLDER, bare, codes_in
from memguard.privacy.policy import KINDS
from memguard.privacy.spans import Span
from memguard.retrieval import words
from memguard.retrieval.embedder import encoded
from memguard.vault import placeholders

Row = dict[str, Any]
Record = dict[str, Any]
KEPT = dict.fromkeys(KINDS, "1")
RESAMPLES, SEED, K = 10_000, 4, 10
COST_MEMORIES, BATCH = 5_000, 256
STORED = "SELECT id, coalesce(actor, '') || ' ' || text || ' ' || metadata, seq FROM memories"


class Nothing:
    """A detector for what is stored as it is."""

    name = "none"

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        return [[] for _ in texts]


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def say(what: str) -> None:
    print(f"{time.strftime('%X')} {what}", file=sys.stderr, flush=True)


# -- LoCoMo ------------------------------------------------------------------------------------------------------------


def utility(locomo: list[Record]) -> list[Row]:
    """Recall@10 raw and masked with the paired interval of what is lost, the controls, and what comes back."""
    questions = [question for record in locomo for question in conversations.questions_of(record)]
    with fresh_memory(detector=Nothing(), levels=KEPT) as raw, fresh_memory() as masked:
        say("LoCoMo, raw")
        conversations.load(raw, locomo)
        of_raw = shares(raw, questions)
        say("LoCoMo, masked")
        conversations.load(masked, locomo)
        found = {"masked": shares(masked, questions)}
        with patch.object(Known, "question", as_typed):
            found["control: the question raw"] = shares(masked, questions)
        say("LoCoMo, ***")
        with fresh_memory(detector=Nothing(), levels=KEPT) as starred:
            load_starred(starred, masked)
            found["control: *** for values, the question raw"] = shares(starred, questions)
        beyond = np.array([names_more_than_speakers(masked, question) for question in questions])
        rows = [{"what": f"LoCoMo recall@10 raw, of {len(questions)} questions", "here": percent(of_raw.mean())}]
        for what, share in found.items():
            rows += [compared(what, of_raw, share), compared(f"{what}: naming others", of_raw[beyond], share[beyond])]
        return [*rows, *restored(raw, masked, questions)]


def shares(memory: Memory, questions: list[Question]) -> np.ndarray[Any, Any]:
    """For each question the share of its evidence among the first ten."""
    found = []
    for question in questions:
        hits = {hit.metadata["dia_id"] for hit in memory.search(question.text, user_id=question.owner, limit=K)}
        found.append(len(hits & question.evidence) / len(question.evidence))
    return np.array(found)


def compared(what: str, raw: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> Row:
    """The mean change in points, and its 95 % interval by a paired bootstrap over questions."""
    change = 100 * (other - raw)
    drawn = np.random.default_rng(SEED).integers(0, len(change), (RESAMPLES, len(change)))
    low, high = np.percentile(change[drawn].mean(axis=1), [2.5, 97.5])
    return {
        "what": f"LoCoMo recall@10 {what}, {len(change)} questions",
        "here": f"{percent(other.mean())}: {change.mean():+.2f} points ({low:+.2f} to {high:+.2f})",
    }


def as_typed(_known: Known, text: str, _is_word: Callable[[str], bool]) -> str:
    """A question in which no value is looked up."""
    return text


def load_starred(memory: Memory, masked: Memory) -> None:
    """The same memories with `***` for everything that is behind a placeholder there."""
    for owner in masked.users():
        with masked.home.vault(owner).reading() as session:
            stored = dict(session.all("SELECT id, text FROM memories"))
        items = [
            {
                "text": PLACEHOLDER.sub("***", stored[record.id]),
                "actor": "***",
                "run_id": record.run_id,
                "happened_at": record.happened_at,
                "metadata": record.metadata,
            }
            for record in masked.get_all(user_id=owner, limit=10_000)
        ]
        memory.add_many(items, user_id=owner)


def names_more_than_speakers(memory: Memory, question: Question) -> bool:
    """Whether a question names something masked that is nobody who speaks."""
    vault = memory.home.vault(question.owner)
    known = memory._index(vault).known
    with vault.reading() as session:
        actors = {codes_in(actor)[0] for (actor,) in session.all("SELECT DISTINCT actor FROM memories")}
        called = known._called(question.text, lambda word: words.holds(session, word))
        return any(actors.isdisjoint(p.code for p in named) for _, named in called)


def restored(raw: Memory, masked: Memory, questions: list[Question]) -> list[Row]:
    """Hits that are what was written, byte for byte; and unrestored ones in which a sealed value still stands."""
    hits = same = 0
    leaks: set[tuple[str, str, bool]] = set()
    texts = {
        owner: {r.metadata["dia_id"]: r for r in raw.get_all(user_id=owner, limit=10_000)} for owner in raw.users()
    }
    for owner in masked.users():
        vault = masked.home.vault(owner)
        with vault.reading() as session:
            stored = {memory_id: (text, seq) for memory_id, text, seq in session.all(STORED)}
            since = dict(session.all("SELECT code, seq FROM placeholders"))
            meanings = placeholders.meanings(session, vault.seals, since)
        values = {meaning.value: since[code] for code, meaning in meanings.items()}
        listed = "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True))
        sealed = re.compile(rf"(?<!\w)(?:{listed})(?!\w)")
        for question in (q for q in questions if q.owner == owner):
            for hit in masked.search(question.text, user_id=owner, limit=K):
                original = texts[owner][hit.metadata["dia_id"]]
                hits += 1
                same += (hit.text, hit.record.actor) == (original.text, original.actor)
                text, seq = stored[hit.id]
                found = [match[0] for match in sealed.finditer(PLACEHOLDER.sub("", text))]
                leaks |= {(hit.id, value, seq >= values[value]) for value in found}
    for _, value, was_known in sorted(leaks, key=lambda leak: leak[1:]):
        say(f"a sealed value in a stored text{', known before' if was_known else ''}: {value!r}")
    holding, knowing = ({id_ for id_, _, known in leaks if known >= least} for least in (False, True))
    return [
        {"what": f"hits restored byte for byte, of {hits}", "here": percent(same / hits)},
        {
            "what": "unrestored results that hold a sealed value",
            "here": f"{len(holding)}, known before: {len(knowing)}",
        },
    ]


# -- parts of names ----------------------------------------------------------------------------------------------------


def name_parts(queries: list[Row]) -> list[Row]:
    """Recall@10 of queries by part of a name, and of the same with the whole name."""
    paths = [*sorted((ROOT / "bench/data/dialogues").glob("*.json")), ROOT / "memguard/demo/story.json"]
    loaded = [json.loads(path.read_text()) for path in paths]
    records = [record for found in loaded for record in (found if isinstance(found, list) else [found])]
    say("dialogues")
    with fresh_memory() as memory:
        conversations.load(memory, records)
        part, full = (
            shares(memory, [Question(q["conversation"], q[form], 0, frozenset(q["evidence"])) for q in queries])
            for form in ("query", "full")
        )
    rows = [compared_parts(f"{len(queries)} queries by part of a name", part, full)]
    for how in sorted({query["how"] for query in queries}):
        these = np.array([query["how"] == how for query in queries])
        rows.append(compared_parts(f"by {how}, {these.sum()}", part[these], full[these]))
    return rows


def compared_parts(what: str, part: np.ndarray[Any, Any], full: np.ndarray[Any, Any]) -> Row:
    loss = 100 * (full.mean() - part.mean())
    shown = f"{percent(part.mean())}, whole name {percent(full.mean())}: loss {loss:.1f} points"
    return {"what": f"recall@10, {what}", "here": shown}


# -- milliseconds ------------------------------------------------------------------------------------------------------


def cost(locomo: list[Record], more: list[str]) -> list[Row]:
    """Masking a question, screening a batch, and one add beside the bare embedding of its text."""
    turns = [t for r in locomo for ts in r["conversation"].values() if isinstance(ts, list) for t in ts]
    items: list[Row] = [{"text": turn["text"], "actor": turn["speaker"]} for turn in turns]
    items = [*items, *({"text": text} for text in islice(cycle(more), max(0, COST_MEMORIES - len(items))))]
    asked = [qa["question"] for record in locomo for qa in record["qa"]]
    with fresh_memory() as memory:
        say(f"a vault of {COST_MEMORIES}")
        memory.add_many(items[:COST_MEMORIES], user_id="ana")
        memory.search("warm up", user_id="ana")
        vault = memory.home.vault("ana")
        known = memory._index(vault).known
        with vault.reading() as session:

            def mask_question(text: str) -> None:
                bare(known.question(text, lambda word: words.holds(session, word)))
                memory._privacy.label(known)("a-run-of-somebody")

            question = median_ms(mask_question, asked)
        say("screening")
        drafts = intake.drafts([{"text": turn["text"], "actor": turn["speaker"]} for turn in turns[: 4 * BATCH]])
        batches = [drafts[start : start + BATCH] for start in range(0, len(drafts), BATCH)]
        screening = median_ms(lambda batch: screen(memory._privacy, known, batch), batches) / BATCH
        said = [turn["text"] for turn in turns[:100]]
        embedding = median_ms(lambda text: encoded(memory._embedder, [text]), said)
        adding = median_ms(lambda text: memory.add(text, user_id="ana"), said)
        values = len(known.codes)
    return [
        {"what": f"ms to mask a query, p50, {COST_MEMORIES} memories, {values} values", "here": f"{question:.2f}"},
        {"what": f"ms a text to screen a batch of {BATCH}", "here": f"{screening:.2f}"},
        {"what": "ms of one add over a bare embedding, p50", "here": f"{adding - embedding:.1f} over {embedding:.1f}"},
    ]


def median_ms(do: Callable[[Any], Any], over: Sequence[Any]) -> float:
    times = []
    for each in over:
        began = time.perf_counter()
        do(each)
        times.append(time.perf_counter() - began)
    return 1_000 * statistics.median(times)
