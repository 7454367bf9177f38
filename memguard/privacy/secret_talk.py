"""Secrets that people tell in sentences: "my password is ...", "use code ... to log in", a key behind its name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memguard.privacy import secret_cutting as cutting
from memguard.privacy import secret_values as values
from memguard.privacy import secret_words as words
from memguard.privacy.spans import Span


def _passwords(text: str) -> Iterator[Span]:
    for pattern in (words.PASSWORD_IS, words.PASSWORD_TO):
        for match in pattern.finditer(text):
            yield from _told_password(text, match)
    for match in words.PASSWORD_BARE.finditer(text):
        yield from _bare_password(text, match)
    for pattern in (words.PASSWORD_FAR, words.PASSWORD_NOW, words.PASSWORD_AFTER, words.WIFI_KEY):
        for match in pattern.finditer(text):
            span = cutting.trimmed(match, cutting.last_group(match), "PASSWORD")
            if values.is_odd(text[span.start : span.end]):
                yield span
    for match in words.PASSWORD_UNSPACED.finditer(text):
        if values.is_odd(match[1]) or match[1].isdigit():
            yield cutting.trimmed(match, 1, "PASSWORD")
    for match in words.PHRASE.finditer(text):
        if not values.is_sentence(match[2]):
            yield cutting.span(match, 2, "PASSWORD")


def _told_password(text: str, match: re.Match[str]) -> Iterator[Span]:
    span = cutting.trimmed(match, cutting.last_group(match), "PASSWORD")
    value = text[span.start : span.end]
    if cutting.UNIT.match(text, span.end) and re.fullmatch(r"[\d–-]+", value):
        return
    if words.AMBIGUOUS.match(match[0]) and not (values.is_odd(value) or value.isdigit()):
        return
    marked = match[1] != ""
    if " " in value:  # only marks let it in: a phrase
        told = marked and not values.is_placeholder(value)
    else:
        told = values.is_password(value, ends_clause=marked or cutting.ends_clause(text, span.end))
    if told:
        yield span


def _bare_password(text: str, match: re.Match[str]) -> Iterator[Span]:
    """No "is" between, so the value must look odd ("password hunter2"), or the word be `pw` ("pw bluebird")."""
    span = cutting.trimmed(match, cutting.last_group(match), "PASSWORD")
    value = text[span.start : span.end]
    word = match[0].split()[0].lower()
    named = words.PLAIN_BEFORE.search(text[max(0, match.start() - 80) : match.start()]) is not None
    if word == "pass" and not named:
        return
    told = word == "pw" or named or not re.search("[a-z]", word)  # behind a word in another script, one in Latin
    number = value.isdigit() and len(value) >= 4 and cutting.ends_clause(text, span.end)
    plain = number or (told and values.is_password(value, ends_clause=cutting.ends_clause(text, span.end)))
    if (values.is_odd(value) or plain) and not (word == "pwd" and "/" in value):
        yield span


def _codes(text: str) -> Iterator[Span]:
    for pattern in (words.CODE_IS, words.CODE_FAR, words.CODE_TO, words.CODE_AFTER, words.CODE_USED, words.ENTRY):
        for match in pattern.finditer(text):
            group = cutting.last_group(match)
            named = match[0].lower().split()[-2:-1]
            if not cutting.UNIT.match(text, match.end(group)) and not words.NOT_A_LOGIN.intersection(named):
                yield cutting.span(match, group, "OTP")
    for match in words.CODE_PLAIN.finditer(text):
        before = (match[1] or "").lower()
        around = text[max(0, match.start() - words.NEAR) : match.end() + words.NEAR]
        told = before in ("your", "my", "login", "digit") or words.LOGIN_NEAR.search(around)
        failed = words.FAILED_NEAR.search(text[max(0, match.start() - 30) : match.start()])
        if before not in words.NOT_A_LOGIN and not failed and told and not cutting.UNIT.match(text, match.end(2)):
            yield cutting.span(match, 2, "OTP")
    for match in words.CARD_CODE.finditer(text):
        yield cutting.span(match, 1, "OTP")
    for match in words.RECOVERY.finditer(text):
        at = match.end()
        while item := words.RECOVERY_ITEM.match(text, at):
            if len(item[1]) >= 6:
                yield cutting.span(item, 1, "OTP")
            at = item.end()


def _keys(text: str) -> Iterator[Span]:
    for match in words.KEY_IS.finditer(text):
        span = cutting.trimmed(match, 2, "API_KEY")
        value = text[span.start : span.end]
        before = text[max(0, match.start() - 20) : match.start()]
        if words.NO_KEY_BEFORE.search(before):
            continue
        said = before + text[match.start() : match.start(2)]
        if values.is_random(value, hexadecimal=not words.DIGEST_NEAR.search(said)):
            private = match[0].lower().startswith("private")
            yield span._replace(type="PRIVATE_KEY") if private else span
    for match in words.KEY_NEAR.finditer(text):
        if words.NO_KEY_BEFORE.search(text[max(0, match.start() - 20) : match.start()]):
            continue
        for candidate in words.CANDIDATE.finditer(text, match.end(), match.end() + words.NEAR + 300):
            between = text[match.end() : candidate.start()]
            if len(between) > words.NEAR or "\n\n" in between or words.DIGEST_NEAR.search(between):
                break
            if values.is_random(candidate[0], hexadecimal=False):
                yield cutting.span(candidate, 0, "API_KEY", score=0.7)


def _seed_phrases(text: str) -> Iterator[Span]:
    end = 0
    for match in words.SEED.finditer(text):
        if match.start() < end:
            continue
        said = words.SEED_WORDS.search(text, match.end(), match.end() + 600)
        kept = _seed_words(said[0]) if said else []
        if said and kept:
            end = said.start() + kept[-1].end()
            yield Span(said.start() + kept[0].start(), end, "SEED_PHRASE")


def _seed_words(said: str) -> list[re.Match[str]]:
    """The first twelve words and more of a run without one that is in every sentence."""
    kept: list[re.Match[str]] = []
    for word in re.finditer("[a-z]+", said):
        if word[0] not in words.NOT_IN_SEEDS:
            kept.append(word)
        elif len(kept) >= words.SEED_WORDS_MIN:
            break
        else:
            kept.clear()
    return kept if len(kept) >= words.SEED_WORDS_MIN else []


RULES = (_passwords, _codes, _keys, _seed_phrases)
