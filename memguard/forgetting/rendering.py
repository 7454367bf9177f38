"""A certificate as one page of plain text, for a person. Pure: the file that the signature covers is the JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from memguard.forgetting.certificate import Certificate
from memguard.outcomes import Check, counted

WIDTH = 100
LINES_MAX = 60
STATES = {
    "complete": "COMPLETE: every check below was made, and found nothing.",
    "pending": "PENDING: nothing was found, and something below is still waited for.",
    "incomplete": "INCOMPLETE: something is left, or no check could show that nothing is. See below.",
}
CHOSEN_BY = {
    "memories": "memories that were named",
    "run": "one run",
    "environment": "one environment",
    "author": "one author",
    "time span": "a span of time",
    "filter": "a filter",
    "request": "a request in words",
    "vault": "a whole vault, with its key",
}
MEANING = (
    "The signature proves: not one byte was changed since, and whoever signed had the key of the home named above.",
    "It does not prove: that the host was honest. It says what memguard saw there, by that host's clock.",
    "To check it: `memguard verify FILE` in that home; elsewhere with `--public KEY`, which `memguard keys public` "
    "prints there. A copy without the salt tells nobody whose memories these were; with it the holder can show it.",
)


def page(certificate: Certificate) -> str:
    """At most 60 lines of 100 characters. What does not fit is counted; checks and what was not checked share alike."""
    head = _head(certificate)
    foot = ["", *(line for sentence in MEANING for line in textwrap.wrap(sentence, WIDTH))]
    checks = sorted(certificate.checks, key=lambda check: check.passed)  # what was found comes first
    sections = {
        "Looked at": [_check_line(check) for check in checks],
        "NOT checked": list(certificate.not_checked),
        "Waited for": list(certificate.pending),
    }
    titles = 2 * len(sections)
    lists = _shared([_wrapped(items) for items in sections.values()], LINES_MAX - len(head) - len(foot) - titles)
    body = [line for title, lines in zip(sections, lists, strict=True) for line in ("", title, *lines)]
    return "\n".join([*head, *body, *foot]) + "\n"


def _head(certificate: Certificate) -> list[str]:
    erased, made = certificate.erased, certificate.versions
    amounts = [
        counted(erased.memories, "memory", "memories"),
        counted(erased.versions, "earlier wording"),
        f"{counted(erased.derived, 'memory', 'memories')} derived only from them",
        f"{counted(erased.values, 'value')} behind placeholders",
    ]
    about = {
        "Certificate": certificate.id,
        "Issued": f"{certificate.issued} (to the hour)",
        "Home": certificate.home,
        "Made by": f"memguard {made.memguard}, SQLite {made.sqlite}, schema {made.schema}",
        "Reference": certificate.reference,
        "Erased": f"{CHOSEN_BY[erased.kind]}: {', '.join(amounts)}",
    }
    lines = [line for name, text in about.items() if text for line in _hanging(f"{name:12} ", text)]
    return ["CERTIFICATE OF ERASURE", "", *lines, "", STATES[certificate.state]]


def _check_line(check: Check) -> str:
    found = ", ".join(f"{kind}: {amount}" for kind, amount in sorted(check.found.items()) if amount)
    control = f"; control: {check.planted_found} of {check.planted} planted were seen" if check.planted else ""
    return f"{check.what}: {check.looked_at} looked at, {'FOUND ' + found if found else 'nothing found'}{control}"


def _wrapped(items: Sequence[str]) -> list[list[str]]:
    return [_hanging("  - ", item) for item in items] or [["  nothing"]]


def _hanging(first: str, text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=" " * len(first))


def _shared(lists: Sequence[list[list[str]]], room: int) -> list[list[str]]:
    """The lines of each list's items, one item of each in turn while there is room."""
    room -= len(lists)  # each may need a line that says how many were left out
    kept: list[list[list[str]]] = [[] for _ in lists]
    for turn in range(max(map(len, lists))):
        for items, taken in zip(lists, kept, strict=True):
            if len(taken) == turn < len(items) and len(items[turn]) <= room:
                taken.append(items[turn])
                room -= len(items[turn])
    return [_lines(taken, len(items) - len(taken)) for items, taken in zip(lists, kept, strict=True)]


def _lines(items: Sequence[list[str]], left_out: int) -> list[str]:
    rest = [f"  … {left_out} more stand in the file"] if left_out else []
    return [line for item in items for line in item] + rest
