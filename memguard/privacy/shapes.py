"""Rules for what has a shape of its own: numbers with a checksum, addresses of the net, papers by their names. Pure."""

from __future__ import annotations

from memguard.privacy.checks import (
    has_digit,
    has_digits,
    is_anchored_card,
    is_card,
    is_hardware,
    is_mailbox,
    is_public_address,
    is_ssn,
    is_username,
)
from memguard.privacy.rules import CHECKED, SHAPED, rule

# What stands between an anchor and its value: "is", ":", "=", "number", "#", "was", up to a few such words.
_TO = r"(?:\s*(?:['\"]?\s*[:=#]|\bis\b|\bwas\b|\bare\b|\bnumber\b|\bno\b\.?|\bnum\b|\bcode\b|\bnow\b|['\"(]))*\s*"
_ID_OF = (
    r"(?:employee|staff|student|customer|client|member(?:ship)?|policy|insurance|order|booking|reservation"
    r"|confirmation"
    r"|claim|case|patient|medical\s+record|loyalty|frequent\s+flyer|subscriber|registration|tax(?:payer)?|vat|national"
    r"|national\s+insurance|identity|identification|nhs|social\s+insurance|medicare|medicaid|voter|invoice|ticket"
    r"|(?<!aws )account(?=\s+id))"
)
_CODE = r"(?=[A-Z0-9/-]*\d)[A-Z0-9](?:[A-Z0-9/-]|\s(?=\d)){2,22}[A-Z0-9]"
_DIGITS = "0 1 2 3 4 5 6 7 8 9"

SHAPES = (
    # -- numbers with a checksum or a rigid shape
    rule("CREDIT_CARD", r"(?<![\w.-])(?P<v>\d(?:[ -]?\d){12,18})(?![\w-]|\.\d)", _DIGITS, CHECKED, is_card),
    rule(
        "CREDIT_CARD",
        r"\b(?:card|visa|master\s?card|amex|american\s+express|maestro|discover|diners)\b[^\d\n]{0,40}(?<![\w.])"
        r"(?P<v>\d(?:[ -]?\d){11,18})(?![\w-])",
        "card visa amex american maestro discover diners",
        accepts=is_anchored_card,
    ),
    rule("US_SSN", r"(?<![\w.-])(?P<v>\d{3}-\d{2}-\d{4})(?![\w-])", "-", SHAPED + 0.04, is_ssn),
    rule(
        "US_SSN",
        r"\b(?:ssn|social\s+security)\b[^\d\n]{0,25}(?P<v>\d{3}[ .-]?\d{2}[ .-]?\d{4})(?!\d)",
        "ssn social",
        accepts=is_ssn,
    ),
    # -- the net
    rule(
        "EMAIL_ADDRESS",
        r"(?<![\w.+%-])(?P<v>[\w+%-](?:[\w.+%'-]{0,63})@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24})(?![\w@]"
        r"|:[\w/])",
        "@",
        CHECKED,
        is_mailbox,
    ),
    rule("URL", r"(?P<v>(?:https?://|www\.)[^\s<>\"'`)\]}]{3,})", "http www.", SHAPED - 0.05),
    rule(
        "IP_ADDRESS",
        r"(?<![\w.=:/-])(?<!\bv)(?<!version )(?P<v>(?:\d{1,3}\.){3}\d{1,3})(?![\w-]|\.\d)",
        ".",
        SHAPED,
        is_public_address,
    ),
    rule(
        "IP_ADDRESS",
        r"(?:(?<=\W[/|:])|(?<=\bip[=:]))(?P<v>(?:\d{1,3}\.){3}\d{1,3})(?![\w-]|\.\d)",
        "/ ip= | :",
        SHAPED,
        is_public_address,
    ),
    rule(
        "IP_ADDRESS",
        r"(?<![\w:.])(?P<v>(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,6})(?![\w:])",
        ":",
        SHAPED,
        is_public_address,
    ),
    rule(
        "MAC_ADDRESS",
        r"(?<![\w:.-])(?P<v>[0-9a-f]{2}(?P<sep>[:-])(?:[0-9a-f]{2}(?P=sep)){4}[0-9a-f]{2}"
        r"|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})(?![\w:-])",
        ": - .",
        SHAPED + 0.02,
        is_hardware,
    ),
    rule(
        "USERNAME",
        r"\b(?:user\s?name|user\s+id|userid|screen\s+name|handle|nickname\s+online|gamertag|login(?:\s+name)?)\b"
        r"(?:\s+(?:on|at|for)\s+[\w. ]{2,20}?)?\s*(?:\bis\b|\bwas\b|[:=]"
        r"|['\"])+\s*['\"`@]*(?P<v>[\w](?:[\w.-]{0,38}\w))",
        "user handle login screen gamertag nickname",
        accepts=is_username,
    ),
    rule(
        "USERNAME",
        r"\b(?:twitter|insta(?:gram)?|telegram|discord|tiktok|mastodon|snap(?:chat)?|reddit|twitch|bluesky|threads"
        r"|steam|venmo)\b"
        r"[^\n@.]{0,25}(?<![\w.])@(?P<v>[\w](?:[\w.-]{0,38}\w))",
        "@",
    ),
    rule(
        "USERNAME",
        r"\b(?:insta(?:gram)?|telegram|discord|tiktok|mastodon|snap(?:chat)?|reddit|twitch|bluesky|steam|gamertag)"
        r"(?:\s+(?:handle|name|id|account|user\s?name))?\s*(?:\bis\b|:|=)\s*"
        r"(?P<v>(?=[\w.-]*[\d_#])\w(?:[\w.-]{0,38}\w)?(?:#\d{4})?)(?![\w@])",
        "insta telegram discord tiktok mastodon snap reddit twitch bluesky steam gamertag",
        accepts=is_username,
    ),
    rule(
        "USERNAME",
        r"\b(?:uses?|used|have|has|took|picked|chose|under|with|by)\s+the\s+(?:handle|user\s?name|nick(?:name)?|gamertag)\s+"
        r"['\"`@]*(?P<v>\w(?:[\w.-]{1,38}\w))",
        "handle user nick gamertag",
        accepts=is_username,
    ),
    rule("USERNAME", r"(?<![\w/.])u/(?P<v>\w[\w-]{2,38})(?![\w/])", "u/"),
    # -- papers, anchored on what they are called
    rule(
        "PASSPORT",
        r"\bpassport\b(?:\s+(?:number|no|num|id))?\.?" + _TO + r"(?P<v>[A-Z]{0,3}\d[A-Z0-9]{5,9})\b",
        "passport",
    ),
    rule(
        "US_DRIVER_LICENSE",
        r"\b(?:driver'?s?|driving)\s*'?\s*licen[cs]e\b" + _TO + r"(?P<v>" + _CODE + r")\b",
        "licen",
        accepts=has_digits(4),
    ),
    rule(
        "LICENSE_PLATE",
        r"\b(?:(?:licen[cs]e|number|registration|car|vehicle)\s+plates?|plate\s+number|car\s+reg(?:istration)?"
        r"|vehicle\s+registration)\b"
        + r"(?:\s+(?:of|on|for)\s+(?:my|his|her|our|the)\s+\w+)?"
        + _TO
        # Groups in capitals, one of which may stand apart if it is more than the next word's "I"; or one word in small.
        + r"(?P<v>(?-i:(?=[A-Z0-9 -]*\d)[A-Z0-9]{1,4}(?:(?:-|(?=\w)| (?=\w*\d|[A-Z]{2}))[A-Z0-9]{1,4}){1,3})"
        + r"|(?=[a-z]*\d)[a-z0-9]{5,9})\b",
        "plate reg",
        accepts=has_digit,
    ),
    rule(
        "LICENSE_PLATE",
        r"\b(?:vin|vehicle\s+identification\s+number|chassis\s+number)\b" + _TO + r"(?P<v>[A-HJ-NPR-Z0-9]{17})\b",
        "vin vehicle chassis",
        accepts=has_digits(4),
    ),
    rule(
        "US_BANK_NUMBER",
        r"\b(?:bank\s+account|checking\s+account|savings\s+account|account\s+(?:number|no\.?)|acct\.?|routing"
        r"|sort\s+code|aba|bsb)\b" + _TO + r"(?P<v>\d(?:[ -]?\d){4,17})\b",
        "account acct routing sort aba bsb",
    ),
    rule(
        "US_BANK_NUMBER",
        r"\b(?:swift|bic)\b(?:\s*/\s*bic)?" + _TO + r"(?-i:(?P<v>[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?))\b",
        "swift bic",
    ),
    rule(
        "ID_NUMBER",
        r"\b"
        + _ID_OF
        + r"\s*(?:\bids?\b|\bnumber\b|\bno\b\.?|#|\bcode\b|\breference\b|\bref\b\.?)"
        + _TO
        + r"(?P<v>"
        + _CODE
        + r")\b",
        "id number no # code ref",
        accepts=has_digits(4),
    ),
    rule(
        "ID_NUMBER",
        r"\b(?:aadhaa?r|pan\s+card|nino|nif|nie|dni|pesel|bsn|cpf|rut|curp|cnp|nric|tfn|mrn|itin|ein"
        r"|codice\s+fiscale|personnummer"
        r"|steuer-?id|sin)\b" + _TO + r"(?P<v>(?=[A-Z0-9./ -]*\d)[A-Z0-9](?:[A-Z0-9./-]|\s(?=\d)){6,20}[A-Z0-9])\b",
        "aadha pan nino nif nie dni pesel bsn cpf rut curp cnp nric tfn mrn itin ein codice personnummer steuer sin",
        accepts=has_digits(6),
    ),
)
