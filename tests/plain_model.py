"""What a home should hold, as plain dicts: the model that tests/test_model_based.py compares memguard with."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.elsewhere import VERSIONS_KEPT

LONG_AGO = "2020-01-01T00:00:00+00:00"
SHAPES = ("{word} beside the {noun}", "{noun} {noun} {word}", "the {noun} is {word} now")
STATES = SHAPES[2]
"""The one shape that memguard may take for a new value of an earlier statement."""


@dataclass(frozen=True)
class Wish:
    """What is to be added, as far as it can be said before it is known what there is."""

    shape: str
    noun: str
    run: str | None
    environment: str | None
    metadata: dict[str, Any]
    key: str | None
    same_text: bool
    """With a key that is in use: the text it is in use for, or another."""
    expired: bool


METADATA = st.sampled_from(({}, {"team": "web"}, {"team": "core", "n": 1}))
NOUN = st.sampled_from(("lantern", "kettle"))
RUN = st.sampled_from((None, "r1", "r2"))
WISH = st.builds(
    Wish,
    shape=st.sampled_from(SHAPES),
    noun=NOUN,
    run=RUN,
    environment=st.sampled_from((None, "e1")),
    metadata=METADATA,
    key=st.sampled_from((None, None, "k1", "k2")),
    same_text=st.booleans(),
    expired=st.sampled_from((False, False, False, True)),
)
WISHES = st.lists(WISH, min_size=1, max_size=5)
SCOPE = st.fixed_dictionaries(
    {}, optional={"run_id": st.just("r1"), "environment": st.just("e1"), "filters": st.just({"team": "web"})}
)


@dataclass
class Kept:
    """One memory as it should be."""

    id: str
    text: str
    metadata: dict[str, Any]
    run: str | None
    environment: str | None
    key: str | None
    expired: bool
    parents: set[str]
    version: int = 1
    replaced_by: set[str] = field(default_factory=set)
    earlier: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)

    def revise(self, text: str | None, metadata: dict[str, Any] | None) -> None:
        """A new wording; as many earlier ones are kept as the setting says."""
        self.earlier = [*self.earlier, (self.version, self.text, self.metadata)][-VERSIONS_KEPT:]
        self.version += 1
        self.text = self.text if text is None else text
        self.metadata = self.metadata if metadata is None else metadata

    def inside(self, scope: dict[str, Any]) -> bool:
        """Whether a narrowed call may see it."""
        team = scope.get("filters", {}).get("team")
        return (
            scope.get("run_id") in (None, self.run)
            and scope.get("environment") in (None, self.environment)
            and team in (None, self.metadata.get("team"))
        )

    def is_shown_by(self, record: dict[str, Any]) -> bool:
        """Whether a record is this memory, in every field that the model knows."""
        return (
            [record["id"], record["text"], record["metadata"], record["version"]]
            == [self.id, self.text, self.metadata, self.version]
            and [record["run_id"], record["environment"]] == [self.run, self.environment]
            and set(record["superseded_by"]) == self.replaced_by
            and set(record["derived_from"]) == self.parents
            and (record["expires_at"] is not None) == self.expired
        )


@dataclass
class Owned:
    """One owner's vault. `born` tells it from a later one of the same owner; `kept` is in the order of writing."""

    born: int
    kept: dict[str, Kept] = field(default_factory=dict)

    def shown(self) -> list[Kept]:
        """What an agent may see, in order."""
        return [memory for memory in self.kept.values() if not memory.expired]

    def drop(self, leaving: Sequence[str]) -> None:
        """Erase memories, and what the others say of them."""
        for memory_id in leaving:
            del self.kept[memory_id]
        for memory in self.kept.values():
            memory.replaced_by -= set(leaving)
            memory.parents -= set(leaving)

    def in_use(self) -> dict[str, str]:
        """The text that each idempotency key stands for."""
        return {memory.key: memory.text for memory in self.kept.values() if memory.key}

    def take_in(self, wish: Wish, item: dict[str, Any], stored: dict[str, Any]) -> None:
        """A memory that was stored, and what it says that it replaces: at least what the caller said."""
        said, replaced = set(item.get("supersedes", ())), set(stored["superseded"])
        assert replaced >= said if wish.shape == STATES else replaced == said
        assert stored["id"] not in self.kept
        for earlier in replaced:
            self.kept[earlier].replaced_by.add(stored["id"])
        self.kept[stored["id"]] = Kept(
            stored["id"], item["text"], wish.metadata, wish.run, wish.environment, wish.key, wish.expired,
            set(item.get("derived_from", ())),
        )  # fmt: skip


@dataclass
class Batch:
    """Items for `add_many`, which of them are there already, and whether the vault has to refuse them all."""

    items: list[dict[str, Any]]
    duplicate: list[bool]
    conflict: bool


class Model:
    """Every owner's vault, and the copies that were made."""

    def __init__(self) -> None:
        self.owned: dict[str, Owned] = {}
        self.copies: list[dict[str, Owned]] = []
        self.words = 0
        self._births = 0

    def text(self, shape: str, noun: str) -> str:
        """A text with a word that no other text ever had."""
        self.words += 1
        return shape.format(word=word(self.words), noun=noun)

    def memories(self) -> list[tuple[str, Kept]]:
        """Every memory with its owner."""
        return [(owner, memory) for owner, owned in self.owned.items() for memory in owned.kept.values()]

    def picked(self, pick: int) -> tuple[str, Kept]:
        """One of all memories, counted round."""
        there = self.memories()
        return there[pick % len(there)]

    def batch(self, owner: str, wishes: Iterable[Wish], more: dict[str, Any]) -> Batch:
        """What the wishes come to, given what the owner has."""
        in_use = self.owned[owner].in_use() if owner in self.owned else {}
        batch = Batch([], [], conflict=False)
        for wish in wishes:
            text = self.text(wish.shape, wish.noun)
            before = in_use.get(wish.key or "")
            if before is not None and wish.same_text:
                text = before
            item = {"text": text, "run_id": wish.run, "environment": wish.environment, "metadata": wish.metadata}
            batch.items.append(item | {"key": wish.key} | more | ({"expires_at": LONG_AGO} if wish.expired else {}))
            batch.duplicate.append(before is not None)
            batch.conflict |= before is not None and before != text
            if wish.key:
                in_use.setdefault(wish.key, text)
        return batch

    def stored(self, owner: str, wishes: Iterable[Wish], batch: Batch, answers: Iterable[dict[str, Any]]) -> None:
        """Take in what `add_many` says it did."""
        if owner not in self.owned:
            self._births += 1
            self.owned[owner] = Owned(self._births)
        owned = self.owned[owner]
        for wish, item, duplicate, answer in zip(wishes, batch.items, batch.duplicate, answers, strict=True):
            assert answer["duplicate"] == duplicate
            if duplicate:
                assert owned.kept[answer["id"]].key == wish.key
            else:
                owned.take_in(wish, item, answer)

    def copy(self, owners: Iterable[str]) -> None:
        """A backup."""
        self.copies.append({owner: copy.deepcopy(self.owned[owner]) for owner in owners})

    def bring_back(self, number: int, owner: str | None) -> tuple[int, int]:
        """Restore: how many vaults come back, and how many have no key any more."""
        held = self.copies[number]
        alive = [o for o, then in held.items() if o in self.owned and self.owned[o].born == then.born]
        back = [o for o in alive if owner in (None, o)]
        self.owned |= {o: copy.deepcopy(held[o]) for o in back}
        return len(back), len(held) - len(alive)


def word(number: int) -> str:
    """The n-th word that is in no dictionary and in one text only. Digits keep the stemmer away from it."""
    return f"zq{number}zq"
