"""drafts -> what is personal in them -> the forms that are stored and embedded. The one way in for what is masked."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from memguard.errors import ModelError
from memguard.privacy.detection import merged
from memguard.privacy.known import Known
from memguard.privacy.masking import Screened, hidden_actor, labels, masked, screened
from memguard.privacy.privacy import Privacy
from memguard.privacy.reveal import sealed
from memguard.privacy.spans import Detector, Span
from memguard.privacy.values import form
from memguard.records import Draft
from memguard.retrieval import renderings
from memguard.retrieval.scope import actor_key
from memguard.vault import rows
from memguard.vault.connection import Session
from memguard.vault.placeholders import Minting
from memguard.vault.rows import Forms
from memguard.vault.store import Vault


class Masked(NamedTuple):
    """What is stored of a draft: the draft with placeholders, its other forms, and what it makes known."""

    id: str
    draft: Draft
    forms: Forms
    uses: dict[int, bool]
    """The placeholders in it, by number, and whether a detector finds the value here."""
    new: dict[str, str]
    """The forms of values that were not known so far, and their types."""


def screen(privacy: Privacy, known: Known, drafts: Sequence[Draft]) -> list[Screened]:
    """What is personal in drafts: found by detectors, known to the vault, or found in another draft of these.

    Slow: before any transaction.
    """
    of_texts = found_by(privacy.detector, [draft.text for draft in drafts])
    named = [labels(draft) for draft in drafts]
    of_labels = iter(found_by(privacy.labels, [label for each in named for label in each]))
    found = [
        [(draft.text, spans), *((label, next(of_labels)) for label in texts)]
        for draft, spans, texts in zip(drafts, of_texts, named, strict=True)
    ]
    own = [_values(privacy, draft, each) for draft, each in zip(drafts, found, strict=True)]
    together = {value: type_ for values in own for value, type_ in values.items()}
    result = []
    for draft, each, values in zip(drafts, found, own, strict=True):
        text, *of = (merged(privacy.policy.hidden(spans), known.spans(where, together)) for where, spans in each)
        result.append(screened(draft, text, of, frozenset(values), privacy.policy, known.codes))
    return result


def _values(privacy: Privacy, draft: Draft, found: Iterable[tuple[str, Sequence[Span]]]) -> dict[str, str]:
    """The forms and types of the values that detectors find in a draft."""
    values = {
        form(text[span.start : span.end]): span.type
        for text, spans in found
        for span in spans
        if privacy.policy.action(span.type) == "placeholder"
    }
    actor = hidden_actor(draft)
    return values | {form(actor): "PERSON"} if actor else values


def mask(session: Session, vault: Vault, privacy: Privacy, found: Screened, seq: int, moment: int) -> Masked:
    """A draft with its placeholders, in the transaction that stores it."""
    memory_id = found.draft.id or str(uuid.uuid4())
    minting = Minting(session, vault.seals, seq, found.own)
    draft, values = masked(found, minting, privacy.policy)
    forms = Forms(
        plain=found.plain if found.plain != draft.text else None,
        tags=renderings.tags(draft, moment),
        actor_key=actor_key(draft.actor) if draft.actor else None,
        key=rows.key_lookup(vault.seals, draft.key),
        sealed=sealed(vault.seals, values, memory_id),
        screened=privacy.detector.name,
    )
    return Masked(memory_id, draft, forms, minting.uses, minting.new)


def found_by(detector: Detector, texts: Sequence[str]) -> list[list[Span]]:
    """What a detector finds; one that fails refuses the write: nothing is stored that nobody looked at."""
    try:
        return detector.find(texts) if texts else []
    except ModelError:
        raise  # a packaged detector's own, which says what to do
    except Exception as error:  # noqa: BLE001 - it may be a caller's own, and its text may quote a memory
        raise ModelError(f"the detector failed ({type(error).__name__}): nothing was stored") from None
