"""What a value must be besides having the shape: checksums, ranges, and the values that stand for nobody."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable


def digits(value: str) -> str:
    return "".join(c for c in value if c.isdigit())


def luhn(number: str) -> bool:
    """The checksum of payment cards (ISO/IEC 7812-1)."""
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(number))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


_TEST_CARDS = frozenset(
    ("4242424242424242", "4111111111111111", "5555555555554444", "378282246310005", "4000056655665556")
)
"""In the documentation of every payment service."""


def is_test_card(value: str) -> bool:
    """Whether it is nobody's, where programs are spoken of. Said by a person, it is a card's number."""
    return digits(value) in _TEST_CARDS


def is_card(value: str) -> bool:
    """Length and first digits of a known network, and the checksum: one random number in sixty passes all three."""
    number = digits(value)
    networks = (
        r"4\d{12}(?:\d{3}(?:\d{3})?)?|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}"
        r"|6(?:011|5\d\d|4[4-9]\d|2\d\d)\d{12}|35\d{14}|(?:2131|1800)\d{11}"
    )
    return re.fullmatch(networks, number) is not None and luhn(number) and len(set(number)) > 2


def is_anchored_card(value: str) -> bool:
    """After the word "card" the checksum may fail: a mistyped number is one digit away from the real one."""
    return 12 <= len(digits(value)) <= 19


def is_ssn(value: str) -> bool:
    """The number ranges that the US administration has never given out are no security numbers."""
    number = digits(value)
    return number[:3] not in ("000", "666") and number[0] != "9" and number[3:5] != "00" and number[5:] != "0000"


_RESOLVERS = frozenset(("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "255.255.255.255"))


def is_public_address(value: str) -> bool:
    """Loopback, private, link-local and documentation addresses, netmasks and open resolvers lead to nobody."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    local = address.is_private or address.is_loopback or address.is_link_local or address.is_unspecified
    return not (local or address.is_multicast or value in _RESOLVERS or value.startswith("255."))


def is_hardware(value: str) -> bool:
    return len(set(value.lower()) - set(":-.")) > 2  # 00:00:00:00:00:00 and its like are placeholders


_STANDS_FOR_SOMEBODY = frozenset(
    """user users me you name someone somebody foo bar baz test tests tester admin root info hello contact support
    sales alice bob eve carol you.name your.name your-name username email mail john jane noreply webmaster postmaster
    a b c x qa dev ci bot security team example sample demo""".split()
)
_DOCUMENTATION = (
    "example.com",
    "example.org",
    "example.net",
    "example.edu",
    "localhost",
    ".example",
    ".test",
    ".invalid",
)


def is_mailbox(value: str) -> bool:
    """Not the address of a machine, of a repository, or of nobody: `user@example.com` stands for any."""
    name, _, domain = value.lower().partition("@")
    if re.fullmatch(r"no-?reply|do-?not-?reply|git|hg|svn|mailer-daemon", name):
        return False
    return not (domain.endswith(_DOCUMENTATION) and name.split("+")[0] in _STANDS_FOR_SOMEBODY)


def has_digit(value: str) -> bool:
    return any(c.isdigit() for c in value)


def has_digits(count: int) -> Callable[[str], bool]:
    return lambda value: len(digits(value)) >= count


_NO_USERNAMES = frozenset(
    """required not the a an empty missing taken invalid unique optional set unset stored hashed case null none my your
    our their for in on at of with and or but to from as by if it this that field column also too now always never
    wrong correct different same""".split()
)


def is_username(value: str) -> bool:
    return value.lower().strip(".") not in _NO_USERNAMES and len(value) >= 2


_PARTIES = frozenset(
    "labour labor green greens conservative conservatives republican democrat democrats tory tories".split()
)


def is_party(value: str) -> bool:
    return value.lower().split()[0] in _PARTIES or value.lower().endswith(("party", "union"))
