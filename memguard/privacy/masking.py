"""A memory with every field of it masked: what a detector is shown, what is stored instead, and what is sealed. Pure.

Text is looked at by all detectors. Names (of agents, runs, environments) and the values of metadata are what programs
write: only what is personal by its form or known already is masked there. An actor is masked whole, as a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from memguard.privacy import placeholders as shapes
from memguard.privacy.placeholders import Piece
from memguard.privacy.policy import Policy
from memguard.privacy.spans import Span
from memguard.records import Draft
from memguard.retrieval.renderings import speaking

NAMES = ("actor", "agent_id", "run_id", "environment", "source", "origin")
ROLES = frozenset("user assistant agent tool system human ai bot me customer narrator".split())
"""Actors that are nobody in particular."""
Value = tuple[str, str]
"""A type, and what was written."""
Cut = Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Screened:
    """A draft, cut: its text, each of its names, and each string in its metadata in the order in which they stand.

    `own` are the forms of the values that detectors find in it; others are masked because the vault knows them.
    """

    draft: Draft
    text: Cut
    names: Mapping[str, Cut]
    metadata: Sequence[Cut]
    own: frozenset[str]

    @property
    def plain(self) -> str:
        """What is embedded: bare words for types, and who speaks only where that is not hidden."""
        actor = self.names.get("actor", ())
        shown = self.draft.actor if actor and all(piece.type is None for piece in actor) else None
        return speaking(shown, shapes.for_vectors(self.text))

    def counted(self, policy: Policy) -> tuple[Counter[str], Counter[str]]:
        """How many values of each type are masked, and how many dropped."""
        cuts = [self.text, *self.names.values(), *self.metadata]
        all_of = Counter(piece.type for cut in cuts for piece in cut if piece.type)
        kept = Counter(piece.type for cut in cuts for piece in shapes.kept(cut, policy) if piece.type)
        return kept, all_of - kept


def labels(draft: Draft) -> list[str]:
    """What is looked at besides the text: names, then the strings in metadata."""
    return [*_names(draft).values(), *strings(draft.metadata)]


def hidden_actor(draft: Draft) -> str | None:
    """An actor who is somebody: no role, and not the agent itself."""
    nobody = draft.actor is None or draft.actor.casefold() in ROLES or draft.actor == draft.agent_id
    return None if nobody else draft.actor


def screened(
    draft: Draft,
    text: Sequence[Span],
    of_labels: Sequence[Sequence[Span]],
    own: frozenset[str],
    policy: Policy,
    codes: frozenset[str],
) -> Screened:
    """A draft cut at what was found in its text and, in their order, in its `labels`."""
    cuts = [shapes.pieces(label, spans, policy, codes) for label, spans in zip(labels(draft), of_labels, strict=True)]
    names = dict(zip(_names(draft), cuts, strict=False))
    actor, found = hidden_actor(draft), names.get("actor", ())
    if actor and not any(piece.type and policy.action(piece.type) == "drop" for piece in found):
        names["actor"] = shapes.pieces(actor, [Span(0, len(actor), "PERSON")], policy)
    return Screened(draft, shapes.pieces(draft.text, text, policy, codes), names, cuts[len(_names(draft)) :], own)


def masked(
    found: Screened, placeholder_of: Callable[[str, str], str], policy: Policy
) -> tuple[Draft, dict[str, list[Value]]]:
    """The draft that is stored, and by field the values that its placeholders stand for, in their order."""

    def numbered(cut: Cut) -> str:
        return shapes.numbered(cut, placeholder_of, policy)

    leaves = iter([numbered(cut) for cut in found.metadata])
    names: dict[str, Any] = {name: numbered(cut) for name, cut in found.names.items()}
    draft = found.draft
    author = next(
        (names[n] for n in ("actor", "agent_id", "origin") if getattr(draft, n) == draft.author), draft.author
    )
    values = {name: _values(cut, policy) for name, cut in {"text": found.text, **found.names}.items()}
    values["metadata"] = [value for cut in found.metadata for value in _values(cut, policy)]
    stored = replace(
        draft, text=numbered(found.text), metadata=with_strings(draft.metadata, lambda _: next(leaves)), **names
    )
    return replace(stored, author=author), {name: of for name, of in values.items() if of}


def strings(value: Any) -> Iterator[str]:
    """Every string in JSON, in order; names of members are not data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from strings(member)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from strings(item)


def with_strings(value: Any, of: Callable[[str], str]) -> Any:
    """The same JSON with other strings, in the order of `strings`."""
    if isinstance(value, str):
        return of(value)
    if isinstance(value, Mapping):
        return {name: with_strings(member, of) for name, member in value.items()}
    return [with_strings(item, of) for item in value] if isinstance(value, (list, tuple)) else value


def _names(draft: Draft) -> dict[str, str]:
    return {name: value for name in NAMES if (value := getattr(draft, name)) is not None}


def _values(cut: Cut, policy: Policy) -> list[Value]:
    return [(piece.type, piece.text) for piece in shapes.kept(cut, policy) if piece.type]
