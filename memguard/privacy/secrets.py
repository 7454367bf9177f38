"""Finds secrets in a text: keys, passwords, codes, connection strings, private keys and seed phrases.

Three signals: shapes that need no words (`secret_formats`), words before a value (`secret_talk`), and the plugins of
detect-secrets without its entropy. Entropy alone is none: it counts only near a key word. Where finds overlap, the
stretch they cover together is one span, so that nothing of a secret stays behind.

What is decided: `changeme` and other default passwords are secrets, as they open doors; promo codes, digests, UUIDs,
public and publishable keys are none. Of a web address with a password in it only the password is the span (a
repository's address is worth remembering); of a database's address it is the whole string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from memguard.privacy import secret_formats as formats
from memguard.privacy import secret_talk as talk
from memguard.privacy.secret_cutting import span
from memguard.privacy.secret_patterns import PLUGINS
from memguard.privacy.secret_values import is_placeholder
from memguard.privacy.spans import Span

_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]")
_LOOKALIKES = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x00A0: 0x20, 0x202F: 0x20, 0x3000: 0x20}
"""Full-width letters and unusual spaces: one character for one, so that offsets stay."""
_CHUNK, _OVERLAP = 2000, 256


class SecretDetector:
    """Finds what nobody should store. A text's result depends on that text alone."""

    name = "secrets/1"

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text its spans, by start, none overlapping another; offsets are those of the text as given."""
        return [_found(text) for text in texts]


def _found(text: str) -> list[Span]:
    visible, offsets = _without_invisible(text)
    spans = _united([found for found in _candidates(visible) if found.start < found.end])
    if offsets is None:
        return spans
    return [Span(offsets[s.start], offsets[s.end - 1] + 1, s.type, s.score) for s in spans]


def _without_invisible(text: str) -> tuple[str, list[int] | None]:
    """The text as a reader sees it, and where each of its characters stood (None: where it stands)."""
    visible = text.translate(_LOOKALIKES)
    if _INVISIBLE.search(visible) is None:
        return visible, None
    offsets = [i for i, char in enumerate(visible) if not _INVISIBLE.match(char)]
    return "".join(visible[i] for i in offsets), offsets


def _candidates(text: str) -> Iterator[Span]:
    for rule in (*formats.RULES, *talk.RULES, _from_plugins):
        yield from rule(text)


def _united(spans: list[Span]) -> list[Span]:
    """Overlapping spans as one of the widest one's type; of equally wide ones the first rule's."""
    result: list[Span] = []
    for found in sorted(spans, key=lambda s: s.start):
        if result and found.start < result[-1].end:
            last = result[-1]
            widest = found if found.end - found.start > last.end - last.start else last
            result[-1] = widest._replace(start=last.start, end=max(last.end, found.end))
        else:
            result.append(found)
    return result


def _from_plugins(text: str) -> Iterator[Span]:
    """What detect-secrets knows. Cut into pieces, as some of its expressions are not linear on a long line."""
    if not re.search(r"\S{16}", text):
        return
    start = 0
    for line in text.splitlines(keepends=True):
        for at in range(0, len(line), _CHUNK - _OVERLAP):
            piece = line[at : at + _CHUNK]
            if re.search(r"\S{16}", piece):
                yield from _plugin_spans(text, piece, start + at)
        start += len(line)


def _plugin_spans(text: str, piece: str, offset: int) -> Iterator[Span]:
    for plugin in _plugins():
        for found in set(plugin.analyze_string(piece)):
            value = found.strip(" \t\r\n=:\"'")
            if len(value) < 12 or is_placeholder(value):
                continue
            whole = re.compile(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])")
            if len(value) > 40 or any(c.isdigit() for c in value[4:]):
                for match in whole.finditer(text, offset, offset + len(piece)):
                    yield span(match, 0, "API_KEY")


@cache
def _plugins() -> tuple[Any, ...]:
    return tuple(getattr(import_module(f"detect_secrets.plugins.{module}"), name)() for module, name in PLUGINS.items())
