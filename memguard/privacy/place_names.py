"""Names of places: those of the list, and what is named after another place, a direction or a saint. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from memguard.privacy.contexts import PLACE_BEFORE, PREFIXED
from memguard.privacy.lists import phrases
from memguard.privacy.reading import Reading
from memguard.privacy.spans import Span
from memguard.privacy.words import is_listed

STRONG, LISTED = 0.86, 0.84


def places(here: Reading) -> Iterator[Span]:
    """Places of the list, in capitals: those that are words too only where the tagger agrees. And "Lake ..."."""
    listed = list(_listed_places(here))
    yield from listed
    for match in PREFIXED.finditer(here.text):
        if any(match.start() < span.end and span.start < match.end() for span in listed):
            continue
        inside = [w for w in here.words if match.start() <= w.start < match.end()]
        kept = len(inside) > 1 and not is_listed(inside[-1].low) and "NORP" not in here.labels(inside)
        if kept and not here.is_developers(inside[0]) and not here.told(inside[-1]):
            yield Span(*match.span(), "LOCATION", STRONG)


def _listed_places(here: Reading) -> Iterator[Span]:
    for i, j, sure in phrases("places", [w.low for w in here.words]):
        run = here.words[i:j]
        contiguous = all(here.text[a.end : b.start] in (" ", ". ", ", ") for a, b in zip(run, run[1:], strict=False))
        if run[0].capital and run[-1].capital and contiguous:
            labels = here.labels(run)
            beside = here.words[i - 1] if i else None
            surname = (
                beside
                and beside.capital
                and beside.low in here.names.sure
                and here.text[beside.end : run[0].start] == " "
            )
            placed = PLACE_BEFORE.search(here.before(run[0])) is not None
            if not surname and (placed or (not here.is_developers(run[0]) and (sure or labels & {"GPE", "LOC"}))):
                yield Span(run[0].start, run[-1].end, "LOCATION", LISTED)
