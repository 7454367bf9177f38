"""How private each type is, and what is done about it. Pure.

The four levels are those of MemPrivacy (arXiv 2605.09530): what may be kept, what identifies, what does great harm, and
what anyone who reads it can use at once. A type that is not listed is of the third: when unsure, the higher level.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal, NamedTuple, cast

from memguard.errors import InvalidInput
from memguard.privacy.spans import Span

Action = Literal["keep", "placeholder", "drop"]
ACTIONS: tuple[Action, ...] = ("keep", "placeholder", "drop")


class Level(IntEnum):
    """How private a type is."""

    KEPT = 1
    IDENTIFYING = 2
    HARMFUL = 3
    USABLE = 4


class Kind(NamedTuple):
    """A type's level, the word of its placeholders, and the bare words that are embedded in its place."""

    level: Level
    word: str
    plain: str


KINDS: Mapping[str, Kind] = {
    "PERSON": Kind(Level.IDENTIFYING, "Person", "someone"),
    "LOCATION": Kind(Level.IDENTIFYING, "Place", "a place"),
    "EMAIL_ADDRESS": Kind(Level.IDENTIFYING, "Email", "an email address"),
    "PHONE_NUMBER": Kind(Level.IDENTIFYING, "Phone", "a phone number"),
    "USERNAME": Kind(Level.IDENTIFYING, "Username", "a user name"),
    "AGE": Kind(Level.IDENTIFYING, "Age", "an age"),
    "DATE_OF_BIRTH": Kind(Level.IDENTIFYING, "BirthDate", "a birth date"),
    "IP_ADDRESS": Kind(Level.IDENTIFYING, "IpAddress", "an IP address"),
    "MAC_ADDRESS": Kind(Level.IDENTIFYING, "MacAddress", "a device address"),
    "ID_NUMBER": Kind(Level.IDENTIFYING, "IdNumber", "an account number"),
    "LICENSE_PLATE": Kind(Level.HARMFUL, "LicensePlate", "a licence plate"),
    "US_SSN": Kind(Level.HARMFUL, "SocialSecurityNumber", "a social security number"),
    "PASSPORT": Kind(Level.HARMFUL, "Passport", "a passport number"),
    "US_DRIVER_LICENSE": Kind(Level.HARMFUL, "DriverLicense", "a driver's license"),
    "CREDIT_CARD": Kind(Level.HARMFUL, "Card", "a card number"),
    "IBAN_CODE": Kind(Level.HARMFUL, "BankAccount", "a bank account"),
    "US_BANK_NUMBER": Kind(Level.HARMFUL, "BankAccount", "a bank account"),
    "CRYPTO": Kind(Level.HARMFUL, "Wallet", "a wallet address"),
    "FINANCE": Kind(Level.HARMFUL, "Money", "an amount of money"),
    "HEALTH": Kind(Level.HARMFUL, "Health", "a health matter"),
    "BELIEF": Kind(Level.HARMFUL, "Belief", "a belief"),
    # Found by a tagger too often where nobody is meant: three of four false alarms are organisations.
    "ORGANIZATION": Kind(Level.KEPT, "Organization", "an organization"),
    "NRP": Kind(Level.KEPT, "Group", "a group"),
    "DATE_TIME": Kind(Level.KEPT, "Date", "a date"),
    "URL": Kind(Level.KEPT, "Url", "a link"),
    "API_KEY": Kind(Level.USABLE, "ApiKey", "a secret"),
    "PASSWORD": Kind(Level.USABLE, "Password", "a password"),
    "OTP": Kind(Level.USABLE, "Code", "a code"),
    "CONNECTION_STRING": Kind(Level.USABLE, "ConnectionString", "a connection string"),
    "PRIVATE_KEY": Kind(Level.USABLE, "PrivateKey", "a private key"),
    "SEED_PHRASE": Kind(Level.USABLE, "SeedPhrase", "a seed phrase"),
}
WORD_LENGTH_MIN, WORD_LENGTH_MAX = 2, 40
"""Letters of the word in a placeholder: one letter before an underscore is a variable's name more often."""
LITERAL = "LITERAL"
"""What only looks like a placeholder: kept behind one of its own, so that it is never taken for another's."""
_LITERAL = Kind(Level.KEPT, "Literal", "a placeholder")

DEFAULT_ACTIONS: Mapping[Level, Action] = {
    Level.KEPT: "keep",
    Level.IDENTIFYING: "placeholder",
    Level.HARMFUL: "placeholder",
    Level.USABLE: "drop",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done with each type: `levels` by type and `actions` by level replace the defaults one by one."""

    levels: Mapping[str, Level] = field(default_factory=dict)
    actions: Mapping[Level, Action] = field(default_factory=dict)

    @classmethod
    def of(cls, levels: Mapping[str, str], actions: Mapping[str, str], secrets: str = "drop") -> Policy:
        """A policy from settings: `{"LOCATION": "1"}`, `{"2": "keep"}`, and `drop` or `seal` for secrets."""
        numbers = {str(int(level)): level for level in Level}
        if any(value not in numbers for value in levels.values()):
            raise InvalidInput("setting levels: a type's level is 1, 2, 3 or 4")
        if str(int(Level.USABLE)) in actions:
            raise InvalidInput("setting actions: level 4 has a setting of its own, secrets: drop or seal")
        if any(number not in numbers or action not in ACTIONS for number, action in actions.items()):
            raise InvalidInput(f"setting actions: a level is 1, 2 or 3, its action one of {', '.join(ACTIONS)}")
        chosen = {numbers[number]: cast(Action, action) for number, action in actions.items()}
        if secrets == "seal":
            chosen[Level.USABLE] = "placeholder"
        return cls({name.upper(): numbers[value] for name, value in levels.items()}, chosen)

    def level(self, type_: str) -> Level:
        """How private a type is."""
        return self.levels.get(type_, kind_of(type_).level)

    def hidden(self, spans: Iterable[Span]) -> list[Span]:
        """Those that are not kept. What is kept hides nothing in it: a person in the name of a company is a person."""
        return [span for span in spans if self.action(span.type) != "keep"]

    def action(self, type_: str) -> Action:
        """What is done with values of a type."""
        if type_ == LITERAL:
            return "placeholder"
        level = self.level(type_)
        return self.actions.get(level, DEFAULT_ACTIONS[level])


def kind_of(type_: str) -> Kind:
    """What is known of a type; of one that a detector of the caller's invented, what its name says."""
    if type_ == LITERAL:
        return _LITERAL
    if type_ in KINDS:
        return KINDS[type_]
    words = [part for part in type_.lower().replace("-", "_").split("_") if part.isascii() and part.isalpha()]
    word = "".join(map(str.capitalize, words))[:WORD_LENGTH_MAX]
    word = word if len(word) >= WORD_LENGTH_MIN else "Private"
    return Kind(Level.HARMFUL, word, plain(word))


def plain(word: str) -> str:
    """The bare words that are embedded for the word of a placeholder; it is all that a question has of a type."""
    known = _PLAIN.get(word.lower())
    return known or f"a {' '.join(re.findall('[A-Z]?[a-z]+|[A-Z]', word)).lower()}"


_PLAIN = {kind.word.lower(): kind.plain for kind in (*KINDS.values(), _LITERAL)}


Grant = frozenset[Level]
"""Which levels a caller sees restored. What merely looks like a placeholder is shown to whoever sees any."""


def grant_named(name: str) -> Grant:
    """The grant of this name; `InvalidInput` where there is none."""
    if name not in GRANTS:
        raise InvalidInput(f"a grant is one of {', '.join(GRANTS)}")
    return GRANTS[name]


GRANTS: Mapping[str, Grant] = {
    "owner": frozenset(Level),
    "balanced": frozenset({Level.KEPT, Level.IDENTIFYING}),
    "strict": frozenset(),
}
"""`owner` sees what the owner wrote; `balanced` no values of great harm; `strict` placeholders only."""
