"""Secrets that their form gives away: keys, connection strings, tokens, places on a command line, assignments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memguard.privacy import secret_cutting as cutting
from memguard.privacy import secret_patterns as shapes
from memguard.privacy import secret_values as values
from memguard.privacy import secret_words as words
from memguard.privacy.spans import Span

_WEB = ("http", "https", "ws", "wss", "git", "ssh", "ftp", "ftps", "git+https", "svn")
_ARGUMENT = re.compile(r"\s?\)|,\s?\w+=")
"""What follows a variable that is handed to a call: `login(password=given, user=name)`."""


def _private_keys(text: str) -> Iterator[Span]:
    markers = list(shapes.PEM.finditer(text))
    for i, marker in enumerate(markers):
        if marker[1] != "BEGIN":
            continue
        after = markers[i + 1] if i + 1 < len(markers) else None
        body = shapes.PEM_BODY.search(text, marker.end(), after.start() if after else len(text))
        if body:  # else the header is only spoken of
            closed = after is not None and after[1] == "END"
            yield Span(marker.start(), after.end() if after and closed else body.end(), "PRIVATE_KEY")
    for match in shapes.PUTTY.finditer(text):
        yield cutting.span(match, 1, "PRIVATE_KEY")
    for match in shapes.RAW_PRIVATE.finditer(text):
        yield cutting.span(match, 0, "PRIVATE_KEY")


def _connections(text: str) -> Iterator[Span]:
    for match in shapes.URL.finditer(text):
        if values.is_placeholder(match[3]) or values.is_variable(match[2]):
            continue
        if match[1].lower() in _WEB:
            yield cutting.span(match, 3, "PASSWORD")
        else:
            yield cutting.trimmed(match, 0, "CONNECTION_STRING")
    for match in shapes.URL_WITH_PASSWORD.finditer(text):
        if not values.is_placeholder(match[1]):
            web = match[0].lower().startswith("http")
            yield cutting.span(match, 1, "PASSWORD") if web else cutting.trimmed(match, 0, "CONNECTION_STRING")
    for pattern in (shapes.GO_DSN, shapes.ORACLE):
        for match in pattern.finditer(text):
            if not values.is_placeholder(match[1]):
                yield cutting.trimmed(match, 0, "CONNECTION_STRING")
    for pattern in (shapes.ADO, shapes.LIBPQ):
        for match in pattern.finditer(text):
            secret = shapes.INNER_PASSWORD.search(match[0])
            if secret and not values.is_placeholder(secret[1]):
                yield _without_prose(match)


def _without_prose(match: re.Match[str]) -> Span:
    """A string of `key=value;` pairs without the sentence that goes on behind its last value."""
    head, semicolon, last = match[0].rstrip(";").rpartition(";")
    key, equals, value = last.partition("=")
    kept = f"{head}{semicolon}{key}{equals}{value.split()[0] if value.split() else ''}" if semicolon else match[0]
    kept = kept if len(kept.rstrip(".,")) < len(match[0].rstrip(";")) else match[0]
    return Span(match.start(), match.start() + len(kept.rstrip(".,)")), "CONNECTION_STRING")


def _tokens(text: str) -> Iterator[Span]:
    for match in shapes.TOKEN.finditer(text):
        if values.is_issued(match[0]):
            yield cutting.trimmed(match, 0, "API_KEY")
    for pattern in (shapes.AWS_PAIR, shapes.SIGNATURE):
        for match in pattern.finditer(text):
            yield cutting.span(match, 1, "API_KEY")
    for match in shapes.RECOVERY_BITLOCKER.finditer(text):
        yield cutting.span(match, 0, "OTP")


def _by_place(text: str) -> Iterator[Span]:
    for pattern in shapes.HEADERS:
        for match in pattern.finditer(text):
            if values.is_key(match[1].rstrip(".")):
                yield cutting.trimmed(match, 1, "API_KEY")
    for match in shapes.BASE64_PAIR.finditer(text):
        if values.is_pair(match[1]):
            yield cutting.span(match, 1, "API_KEY")
    for pattern in shapes.COMMANDS:
        for match in pattern.finditer(text):
            if not values.is_placeholder(match[1]):
                yield cutting.span(match, 1, "PASSWORD")
    for match in words.CREDENTIALS.finditer(text):
        span = cutting.trimmed(match, 2, "PASSWORD")
        value = text[span.start : span.end]
        both = re.match("cred|user", match[0].lower()) and "/" in text[match.end(1) : span.start]
        word = both and values.is_password(value, ends_clause=cutting.ends_clause(text, span.end))
        if (word or values.is_odd(value)) and not values.is_variable(match[1]):
            yield span


def _assigned(text: str) -> Iterator[Span]:
    """`db_password: x`, `"apiKey": "x"`, `X-Api-Key: x`, `?token=x&`."""
    for match in words.ASSIGNED.finditer(text):
        name = _snake(match[1])
        group = 3 if match[3] is not None else 4
        span = cutting.trimmed(match, group, "")
        if text.startswith(("?", "&"), max(0, match.start() - 1)):
            span = span._replace(end=span.start + len(re.split("[&#]", text[span.start : span.end])[0]))
        value = text[span.start : span.end]
        quoted = group == 3
        if not quoted and value.replace("_", "").isalpha() and _ARGUMENT.match(text, span.end):
            continue
        if cutting.UNIT.match(text, span.end) and not quoted and value.isdigit():
            continue
        if words.ASSIGNED_PRIVATE.fullmatch(name) and values.is_key(value):
            yield span._replace(type="PRIVATE_KEY")
        elif words.ASSIGNED_KEY.fullmatch(name) and values.is_key(value) and " " not in value:
            yield span._replace(type="API_KEY")
        elif words.ASSIGNED_CODE.fullmatch(name) and re.fullmatch(r"\d{4,10}|[A-Z2-7]{16,64}", value):
            yield span._replace(type="OTP")
        elif words.ASSIGNED_PASSWORD.fullmatch(name) and _is_assigned_password(text, span, name, quoted=quoted):
            yield span._replace(type="PASSWORD")


def _is_assigned_password(text: str, span: Span, name: str, *, quoted: bool) -> bool:
    value = text[span.start : span.end]
    if quoted:
        label = " " in value and values.LABEL.search(value)
        return len(value) >= 3 and not values.is_placeholder(value) and not label
    if name == "pass" and not values.is_odd(value):
        return not value.isdigit() and values.is_password(value, ends_clause=cutting.ends_clause(text, span.end))
    code = re.fullmatch(r"[a-z]+(?:_[a-z]+)*_(?:password|passwd|pass|pwd|secret|token|key|hash)", value)
    shell = text[span.start - 1] == "="
    return not code and values.is_password(value, ends_clause=shell or cutting.ends_clause(text, span.end))


def _snake(name: str) -> str:
    """`dbPassword`, `X-Api-Key` and `db.password` as `db_password` and so on."""
    return re.sub(r"[-.]", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).lower().strip("_")


RULES = (_private_keys, _tokens, _connections, _by_place, _assigned)
"""The first names the type where two find the same."""
