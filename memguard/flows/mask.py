"""text -> what is personal in it -> placeholders; and back. The loop around any model, and nothing else is stored.

What goes to a model is masked, its answer restored here: the model sees `<Person_k7q2mx>`, the person reads the name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from memguard.clock import now
from memguard.errors import InvalidInput, NotGranted, UnknownPlaceholder
from memguard.flows.screen import found_by
from memguard.outcomes import Finding, Masked, Revealed
from memguard.privacy import placeholders as shapes
from memguard.privacy.detection import merged
from memguard.privacy.known import Known
from memguard.privacy.policy import grant_named
from memguard.privacy.privacy import Privacy
from memguard.privacy.spans import Span
from memguard.vault import placeholders, reveals, rows
from memguard.vault.placeholders import Minting
from memguard.vault.store import Vault


def scan(privacy: Privacy, text: str) -> list[Finding]:
    """What would be masked in a text, and what is found and kept; nothing is stored."""
    policy = privacy.policy
    return [
        Finding(span.start, span.end, span.type, int(policy.level(span.type)), policy.action(span.type))
        for span in personal(privacy, text)
    ]


def personal(privacy: Privacy, text: str) -> list[Span]:
    """What a detector finds in a text. Slow: before any transaction."""
    return found_by(privacy.detector, [text])[0]


def mask(vault: Vault, known: Known, privacy: Privacy, text: str, found: Sequence[Span]) -> Masked:
    """A text with placeholders for what is personal in it, and `<Secret>` for what nobody may keep."""
    policy = privacy.policy
    with vault.writing() as session:
        known.catch_up(session)
        cut = shapes.pieces(text, merged(policy.hidden(found), known.spans(text)), policy, known.codes)
        minting = Minting(session, vault.seals, rows.next_change(session))
        masked = shapes.numbered(cut, minting, policy)
        kept = shapes.kept(cut, policy)
        # Of two wordings of one value the first in the text counts.
        wordings = {number: piece.text for number, piece in reversed(list(zip(minting.numbers, kept, strict=True)))}
        placeholders.note_for_models(session, vault.seals, wordings)
    types = Counter(piece.type for piece in kept if piece.type)
    dropped = Counter(piece.type for piece in cut if piece.type) - types
    return Masked(masked, dict(types), dict(dropped))


def restore(vault: Vault, privacy: Privacy, grant: str, text: str) -> str:
    """A text with the values that a grant covers in place of their placeholders, as models bend them too."""
    levels = grant_named(grant)
    with vault.reading() as session:
        meanings = placeholders.meanings(session, vault.seals, shapes.codes_in(text))
    shown = {code: of.value for code, of in meanings.items() if privacy.policy.level(of.type) in levels}
    return shapes.restored(text, shown.get)


def reveal(vault: Vault, privacy: Privacy, grant: str, placeholder: str) -> str:
    """What one placeholder stands for, as far as a grant goes. That it was asked is on record before it is answered."""
    codes = shapes.codes_in(placeholder)
    if len(codes) != 1:
        raise InvalidInput("give one placeholder, for instance '<Person_k7q2mx>'")
    with vault.writing() as session:
        meaning = placeholders.meanings(session, vault.seals, codes).get(codes[0])
        if meaning is None:
            raise UnknownPlaceholder
        if privacy.policy.level(meaning.type) not in grant_named(grant):
            raise NotGranted(f"the grant '{grant}' does not show what this placeholder stands for")
        reveals.note_reveal(session, codes[0], now())
    return meaning.value


def revealed(vault: Vault) -> list[Revealed]:
    """What was asked of this vault's placeholders, and when."""
    with vault.reading() as session:
        return reveals.reveals(session)
