"""Whether a stretch of text can be the value of a secret: no placeholder, no code, no word, no digest. Pure."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter

_PLACEHOLDER = re.compile(
    r"<[^>]*>?|<[a-z_ -]{1,40}>.*|\[[^\]]*\]?|\$\(?\{?[A-Za-z_].*|%\(?[A-Za-z_]\w*\)?[%s]?|\{.*|[xX*•·._#-]{3,}"
    r"|[^A-Za-z0-9]+|@?\w+\(.*|[A-Za-z_]+\)+[.\])].*|(?:\w+_)?(?:password|passphrase|passwd)[:=]+|\w+_(?:password"
    r"|passphrase)|!\w+(?: .*)?"
)
_MARKED = re.compile(
    r"(?<![a-z])(?:your|insert|replace|placeholder|redacted|masked|hidden|example|dummy|sample|fake|todo|fixme"
    r"|here)(?![a-z])|x{4,}|\*{3,}|\.{3}|…|•{3}",
    re.IGNORECASE,
)
LABEL = re.compile(r"\b(?:must|your|is|the|enter|please|should|required|be|at|not|new|confirm|forgot)\b", re.IGNORECASE)
"""Words of what a form says of a password."""
_CODE = re.compile(r"(?:[A-Za-z_]\w*(?:\.|->|::|\?\.))+[A-Za-z_]\w*(?:[\[(].*)?|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|\w+\[.*")
_LITERALS = frozenset(
    "none null nil true false undefined str string int bool bytes any optional required text char varchar object "
    "number password passphrase passwd passcode pass pwd secret token key apikey api_key username user value string? "
    "void env vault prompt stdin get post".split()
)
_TECHNICAL = re.compile(
    r"(?:sha|md|utf|base|oauth|ipv|http|argon|pbkdf|bcrypt|scrypt|aes|rsa|ed|es|hs|rs|rfc|cve|nist"
    r"|tls)[-_]?\d[\w.-]{0,8}|v\d[\d.]*|x509|log4j|s3|k8s|\d+(?:st|nd|rd|th|x|s|m|h|d|ms|k|kb|mb|gb|am|pm|px)"
    r"|\d+(?:[-–/.:]\d+)*|802\.11\w*|\d(?:\.\d)?ghz|1password|2fa|mfa|[a-z]+/[a-z]+",
    re.IGNORECASE,
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PUBLIC = re.compile(
    r"pk_(?:live|test)_|ssh-|ecdsa-|age1|sha\d+[-:]|md5[-:]|data:|arn:|https?:|\.{0,2}/(?:[\w.-]*/)*[\w-]*\.\w{1,5}$"
    r"|/(?:[a-z][\w.-]*/?)+$|~/|npub1|[xyz]pub|[A-Z]:\\"
)
_HEX = re.compile(r"[0-9a-f]{16,}|[0-9A-F]{16,}")
_RUNS = re.compile(r"[a-z]+|[A-Z]+|\d+")
_ORDINARY = frozenset(
    "a an the my our your his her their its it this that these those not no now also still only just very too so then "
    "than as at in on of off to for from with without by about and or but if when while because what which who where "
    "how why is was are be been being has have had do does did can could will would should must may might again "
    "already never always ever same different wrong right correct incorrect invalid valid weak strong secure insecure "
    "safe unsafe bad good ok okay fine long short empty blank missing mandatory required optional needed gone lost "
    "broken down up out back over new old current default random secret private public plain plaintext unknown known "
    "null none true false easy hard simple complex unique case sensitive expired kept saved sent given taken set "
    "reset hidden shown part one two three four five six something anything nothing everything somewhere elsewhere "
    "temporary permanent available unavailable yes ready due next last first important critical ambiguous obsolete "
    "manager policy field form hint prompt length strength input page screen box file store storage vault link rules "
    "protected encrypted authentication auth login account user users username people name email "
    "database server service hash hashes salt token tokens key keys code codes word words phrase characters character "
    "digits letters symbols twice once bytes bits minutes hours days string value text type bearer basic opaque "
    "falsch richtig sicher abgelaufen nicht mehr noch das die der ein eine zu im muy la el una un segura débil faux "
    "fausse trop pas sehr caducada expirée".split()
)
_INFLECTED = re.compile(r"[a-z]+(?:ed|ing|ly|able|ible|ous|ive|ful|less|ten|ent|ant|tion|ment)")


def is_placeholder(value: str) -> bool:
    """`<password>`, `${TOKEN}`, `YOUR_API_KEY`, `xxxx`, a name from code, or a digest: stands for no secret."""
    return (
        value.lower() in _LITERALS
        or _PLACEHOLDER.fullmatch(value) is not None
        or _MARKED.search(value) is not None
        or _CODE.fullmatch(value) is not None
        or _PUBLIC.match(value) is not None
    )


def is_variable(value: str) -> bool:
    """`$USER`, `{user}`, `<user>`: a place for a name, and so is the password beside it."""
    return value.startswith(("$", "{", "<", "%"))


def is_password(value: str, *, ends_clause: bool) -> bool:
    """A person's password behind "is" or ":". A plain word is one only where the clause ends with it."""
    if len(value) < 3 or is_placeholder(value) or _TECHNICAL.fullmatch(value):
        return len(value) >= 4 and value.isdigit()
    if _plain(value):
        return ends_clause and len(value) >= 4 and value.lower() not in _ORDINARY and not _INFLECTED.fullmatch(value)
    return True


def is_odd(value: str) -> bool:
    """What no ordinary word looks like: a digit or a sign among letters. Needed where no "is" stands between."""
    return (
        len(value) >= 5
        and not is_placeholder(value)
        and not _TECHNICAL.fullmatch(value)
        and any(c.isalpha() for c in value)
        and any(c.isdigit() or c in "!@#$%^&*?~" for c in value[:-1] + value[-1].strip("?!"))
    )


def is_key(value: str) -> bool:
    """The value of a key or token behind `=` or `:`: letters and digits that form no name of words."""
    return (
        len(value) >= 8
        and not is_placeholder(value)
        and not is_name(value)
        and any(c.isalpha() for c in value)
        and (any(c.isdigit() for c in value) or _mixed(value))
    )


def is_issued(value: str) -> bool:
    """A token as its issuer draws it, not an identifier with the same prefix: `sk-learn-compatible-estimator`."""
    drawn = any(c.isdigit() for c in value[3:]) or _mixed(value[-24:])
    return drawn and not is_name(value) and not _MARKED.search(value)


def is_random(value: str, *, hexadecimal: bool) -> bool:
    """Drawn at random by the look of it: many changes of case and digit, high entropy. UUIDs and digests are not."""
    if len(value) < 12 or is_placeholder(value) or _UUID.fullmatch(value) or is_name(value):
        return False
    if _HEX.fullmatch(value):
        return hexadecimal
    digits = [run for run in _RUNS.findall(value) if run.isdigit()]
    letters = sum(c.isalpha() for c in value)
    return len(digits) >= 2 and letters >= 4 and len(_RUNS.findall(value)) >= len(value) * 0.3 and entropy(value) >= 3.0


def is_name(value: str) -> bool:
    """`app-secret-v2`, `prod.eu_west.token`, a path: each part is letters, a number, or both in this order."""
    parts = [part for part in re.split(r"[-_./:]+", value) if part]
    named = re.compile(r"[a-z]{0,14}\d{0,3}|[A-Z][a-z]{1,14}\d{0,2}|[A-Z]{1,10}|\d{1,4}")
    return len(parts) > 1 and all(named.fullmatch(part) for part in parts)


def is_sentence(value: str) -> bool:
    """More than a quarter of its words are those that any sentence has: no passphrase of chosen words."""
    parts = re.findall(r"[a-z']+", value.lower())
    return sum(part in _ORDINARY for part in parts) * 4 > len(parts)


def is_pair(value: str) -> bool:
    """Base64 of `user:password`."""
    try:
        decoded = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_" if set(value) & set("-_") else None)
        text = decoded.decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return False
    user, colon, password = text.partition(":")
    return bool(colon) and text.isprintable() and bool(user or password)


def entropy(value: str) -> float:
    """Bits a character, from the characters' own frequencies (Shannon 1948)."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())


def _plain(value: str) -> bool:
    """A word of letters; joined words are none."""
    return value.replace("'", "").replace("’", "").isalpha()


def _mixed(value: str) -> bool:
    """Sixteen letters and more with as many changes of case as chance makes, not the few of CamelCase."""
    return len(value) >= 16 and value.isascii() and len(_RUNS.findall(value)) >= len(value) * 0.4
