"""What must hold in a home after a kill, for `bench.crash`: what was acknowledged is there, and nothing by halves."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.crash_child import vectors_of
from memguard import Memory, UnknownMemory
from memguard.vault.connection import Session
from memguard.vault.home import Home
from memguard.vault.keyfile import read_marker
from memguard.vault.migrate import migration_files

State = dict[str, tuple[str, int]]
"""Text and version by id."""
Found = Counter[str]

ONE_EACH = {
    "an 'added' event": "(SELECT count(*) FROM events WHERE memory = m.number AND kind = 'added') = 1",
    "an event an update": "(SELECT count(*) FROM events WHERE memory = m.number AND kind = 'updated') = m.version - 1",
    "a version an update": "(SELECT count(*) FROM versions WHERE memory = m.number) = min(m.version - 1, 20)",
    "evidence": "(SELECT count(*) FROM evidence WHERE memory = m.number AND kind = 'stated') = 1",
    "vectors": "EXISTS (SELECT 1 FROM embeddings WHERE memory = m.number)",
    "a place in the sequence": "m.seq <= (SELECT change_seq FROM vault)",
}
"""What every memory has."""

SHIPPED = len(migration_files())
FOUND_AMONG = 50
"""The stand-in's vectors are noise, and weigh as much as a model's: words alone bring a memory this far up."""


@dataclass
class Ledger:
    """What the killed processes acknowledged, and what each of them was at."""

    owners: dict[str, State] = field(default_factory=dict)
    erased: set[tuple[str, str]] = field(default_factory=set)
    generation: int = 0
    acknowledged: int = 0
    pending: list[dict[str, Any]] = field(default_factory=list)

    def read(self, lines: Iterable[bytes]) -> None:
        """Take in what one process said."""
        at: dict[str, Any] | None = None
        for line in lines:
            said = json.loads(line)
            if "start" in said:
                at = said["start"]
            elif at is not None:
                self._done(at, said["done"])
                at = None
        self.pending += [at] if at else []

    def _done(self, at: Mapping[str, Any], ids: list[str]) -> None:
        self.acknowledged += 1
        self.generation += at["op"] in ("destroy", "rotate")
        state = self.owners.setdefault(at["owner"], {}) if at["owner"] else {}
        if at["op"] == "add":
            self.generation = self.generation or 1
            state.update({i: (text, 1) for i, text in zip(ids, at["texts"], strict=True)})
        elif at["op"] == "update":
            state[at["id"]] = (at["text"], state[at["id"]][1] + 1)
        elif at["op"] == "delete":
            del state[at["id"]]
            self.erased.add((at["owner"], at["id"]))
        elif at["op"] == "destroy":
            del self.owners[at["owner"]]

    def at(self, op: str) -> set[str]:
        """The owners at whom an operation of this kind was under way."""
        return {p["owner"] for p in self.pending if p["op"] == op}

    def allowed(self, owner: str, memory_id: str, state: tuple[str, int]) -> list[tuple[str, int] | None]:
        """What a memory may be: as acknowledged, or as the operation under way was making it."""
        ops = {p["op"]: p for p in self.pending if (p["owner"], p.get("id")) == (owner, memory_id)}
        changed = [(ops["update"]["text"], state[1] + 1)] if "update" in ops else []
        return [state, *changed, *([None] if "delete" in ops else [])]


def check(memory: Memory, ledger: Ledger, folder: Path) -> tuple[Found, list[str]]:
    """Look at a home that a kill left, make the next change in it, and let the ledger say what is there now."""
    states = {owner: state_of(memory, owner) for owner in memory.users()}
    lost, halves, notes = _lost(memory, ledger, states), list[str](), list[str]()
    for owner, state in states.items():
        halves += _partly(owner, state, ledger)
        with memory.home.vault(owner).writing() as session:
            halves += half_written(session)
    newcomer = f"next {memory.home.contents().sequence}"
    memory.add("the next change", user_id=newcomer)
    found = Counter({"lost": len(lost), "half written": len(halves)}) + _around(memory, folder, notes)
    ledger.pending, ledger.generation = [], memory.home.contents().generation
    ledger.owners = {**states, newcomer: state_of(memory, newcomer)}
    return found, [*lost, *halves, *notes]


def state_of(memory: Memory, owner: str) -> State:
    """Everything in a vault."""
    return {r.id: (r.text, r.version) for r in memory.get_all(user_id=owner, limit=100_000)}


def half_written(session: Session) -> Iterator[str]:
    """Everything in a vault that is not whole."""
    for what, holds in ONE_EACH.items():
        if count := session.one(f"SELECT count(*) FROM memories m WHERE NOT ({holds})"):
            yield f"{count} memories lack {what}"
    for number, text in session.all("SELECT number, text FROM memories"):
        if session.all("SELECT rowid FROM words WHERE words MATCH ?", (f'"{text.split()[-1]}"',)) != [(number,)]:
            yield "the word index does not find a memory by its word, or finds another"
        vectors = session.all("SELECT vector FROM embeddings WHERE memory = ? ORDER BY chunk", (number,))
        if b"".join(row[0] for row in vectors) != vectors_of(text).tobytes():
            yield "the vectors of a memory are not those of its text"
    yield from _damage(session)


def _damage(session: Session) -> Iterator[str]:
    if session.one("PRAGMA integrity_check") != "ok" or session.all("PRAGMA cipher_integrity_check"):
        yield "the file is damaged"
    for table, count in session.all('SELECT "table", count(*) FROM pragma_foreign_key_check GROUP BY 1'):
        yield f"{count} rows of {table} belong to no memory"
    session.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")  # raises where it fails


def half_migrated(home: Home, owner: str) -> list[str]:
    """What is neither of the shipped schema nor of the next in a vault that is yet to be opened by a newer program."""
    path, key = home.file_of(home.contents().vaults[owner].vault_id), home.contents().vaults[owner].key
    with contextlib.closing(Session(path, key)) if path.exists() else contextlib.nullcontext() as session:
        return list(_between_schemas(session)) if session else []  # a new vault gets its name when it is opened


def _between_schemas(session: Session) -> Iterator[str]:
    version = session.one("PRAGMA user_version")
    parts = session.one(
        "SELECT count(*) FROM sqlite_master WHERE name IN ('doubles', 'doubles_by_text', 'memories_doubled')"
    )
    parts += session.one("SELECT count(*) FROM pragma_table_info('memories') WHERE name = 'length'")
    recorded = session.one("SELECT count(*) FROM _sqlite_migrations")
    if (version, parts, recorded) not in ((SHIPPED, 0, SHIPPED), (SHIPPED + 1, 4, SHIPPED + 1)):
        yield f"schema {version} with {parts} parts of the benchmark's migration and {recorded} records"
    if parts == 4 and session.one(_NOT_COPIED):
        yield "the migration has not copied everything"


def _lost(memory: Memory, ledger: Ledger, states: Mapping[str, State]) -> list[str]:
    """Everything acknowledged that is not so. What was under way when the kill came may be done or not."""
    users = states.keys()
    lost = [f"a destroyed owner is back: {owner}" for owner in users - ledger.owners.keys() - ledger.at("add")]
    lost += [f"an owner is gone: {owner}" for owner in ledger.owners.keys() - users - ledger.at("destroy")]
    for owner in ledger.owners.keys() & users:
        for memory_id, state in ledger.owners[owner].items():
            if _got(memory, owner, memory_id) not in ledger.allowed(owner, memory_id, state):
                lost.append(f"{memory_id} is not as it was acknowledged")
        lost += [f"{i} was erased and is back" for o, i in ledger.erased if o == owner and _got(memory, o, i)]
        for memory_id, (text, _) in list(states[owner].items())[-3:]:
            if memory_id not in {hit.id for hit in memory.search(text, user_id=owner, limit=FOUND_AMONG)}:
                lost.append(f"{memory_id} is not found by its words")
    underway = len(ledger.at("destroy") | ledger.at("rotate") | ({""} if not ledger.generation else set()))
    if not ledger.generation <= memory.home.contents().generation <= ledger.generation + underway:
        lost.append(f"generation {memory.home.contents().generation}, acknowledged {ledger.generation}")
    return lost


def _got(memory: Memory, owner: str, memory_id: str) -> tuple[str, int] | None:
    with contextlib.suppress(UnknownMemory):
        record = memory.get(memory_id, user_id=owner)
        return record.text, record.version
    return None


def _partly(owner: str, state: State, ledger: Ledger) -> Iterator[str]:
    """Memories that nobody acknowledged must be all of one call that was under way."""
    new = [text for i, (text, _) in state.items() if i not in ledger.owners.get(owner, {})]
    if new and new not in [p["texts"] for p in ledger.pending if (p["op"], p["owner"]) == ("add", owner)]:
        yield f"{len(new)} memories of a call are there"


def _around(memory: Memory, folder: Path, notes: list[str]) -> Found:
    """Vaults, masters and files, after the change that follows a kill."""
    contents = memory.home.contents()
    known = {entry.vault_id for entry in contents.vaults.values() if memory.home.file_of(entry.vault_id).is_file()}
    orphans = {p.name for p in (folder / "home" / "vaults").iterdir()} ^ known
    missing, leaving = len(contents.vaults) - len(known), len(contents.leaving)
    keys = folder / "keys" / read_marker(folder / "home" / "home.json")["home"]
    masters = sorted(p.name for p in keys.glob("master-*"))
    wrong = masters != [f"master-{contents.generation}"]
    if orphans or missing or leaving:
        notes.append(f"{len(orphans)} folders without a key, {missing} owners without a file, {leaving} still leaving")
    notes += [f"masters: {masters}, generation {contents.generation}"] * wrong
    return Counter({"orphaned vaults": len(orphans) + missing + leaving, "wrong masters": wrong})


def left_over(folder: Path) -> int:
    """Half-written part files, and key folders beside that of the home."""
    return sum(1 for _ in folder.rglob(".*.part")) + sum(p.is_dir() for p in (folder / "keys").iterdir()) - 1


_NOT_COPIED = """
SELECT count(*) FROM memories m LEFT JOIN doubles c ON c.memory = m.number
WHERE c.text IS NOT m.text OR c.vectors IS NULL <> (m.length = 0) OR m.length NOT IN (0, length(m.text))
"""
