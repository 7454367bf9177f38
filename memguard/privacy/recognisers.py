"""Pattern recognisers: what can be told by its shape, or by the words before it. Pure.

A shape alone counts only where it is rare in text that is not personal, or where a checksum proves it. Everything else
is anchored: the words before the value say what it is, and only the value is taken. Developers write digests, versions,
ports and numbers of every length all day, and none of those may turn into a phone number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from memguard.privacy.checks import (
    digits,
    has_digit,
    has_digits,
    is_anchored_card,
    is_card,
    is_hardware,
    is_mailbox,
    is_party,
    is_public_address,
    is_ssn,
    is_test_card,
    is_username,
)
from memguard.privacy.developers import stands_among_code
from memguard.privacy.spans import Span

CHECKED, ANCHORED, SHAPED = 1.0, 0.95, 0.9
"""How sure a span is: proven by a checksum, told by the words before it, told by its shape."""


class Rule(NamedTuple):
    """`pattern` takes the value as its group `v`. It is only tried where the text has one of `needs` in lower case."""

    type: str
    pattern: re.Pattern[str]
    needs: tuple[str, ...]
    score: float = ANCHORED
    accepts: Callable[[str], bool] = bool


def patterns(text: str) -> Iterator[Span]:
    """Every span that a rule finds; they may overlap."""
    lowered = text.lower()
    for rule in RULES:
        if any(need in lowered for need in rule.needs):
            for match in rule.pattern.finditer(text):
                if rule.accepts(match["v"]) and not _is_example(rule, match):
                    yield Span(*match.span("v"), rule.type, rule.score)


def _is_example(rule: Rule, match: re.Match[str]) -> bool:
    return rule.type == "CREDIT_CARD" and is_test_card(match["v"]) and stands_among_code(match.string, match.start("v"))


def _rule(type_: str, pattern: str, needs: str, score: float = ANCHORED, accepts: Callable[[str], bool] = bool) -> Rule:
    return Rule(type_, re.compile(pattern, re.IGNORECASE), tuple(needs.split()), score, accepts)


# What stands between an anchor and its value: "is", ":", "=", "number", "#", "was", up to a few such words.
_TO = r"(?:\s*(?:['\"]?\s*[:=#]|\bis\b|\bwas\b|\bare\b|\bnumber\b|\bno\b\.?|\bnum\b|\bcode\b|\bnow\b|['\"(]))*\s*"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_NUMERIC_DATE = r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))(?![\d.]\d)"
_WORDED_DATE = (
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)?(?:\s+of)?[\s-]+{_MONTH}(?:,?[\s-]+\d{{4}})?"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}})?)"
)
_CLOCK = r"(?:[T\s]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_BIRTH = r"(?:born(?:\s+on|\s+in)?|birthday|birth\s?date|date\s+of\s+birth|d\.?o\.?b\.?|bday)"
_ID_OF = (
    r"(?:employee|staff|student|customer|client|member(?:ship)?|policy|insurance|order|booking|reservation"
    r"|confirmation"
    r"|claim|case|patient|medical\s+record|loyalty|frequent\s+flyer|subscriber|registration|tax(?:payer)?|vat|national"
    r"|national\s+insurance|identity|identification|nhs|social\s+insurance|medicare|medicaid|voter|invoice|ticket"
    r"|(?<!aws )account(?=\s+id))"
)
_CODE = r"(?=[A-Z0-9/-]*\d)[A-Z0-9](?:[A-Z0-9/-]|\s(?=\d)){2,22}[A-Z0-9]"
_MONEY = (
    r"(?:[$\u20ac\u00a3\u00a5\u20b9]\s?\d[\d,.]*(?:\s?(?:k|m|thousand|million|lakh)\b)?"
    r"|\d[\d,.]*\s?(?:k|thousand|million|lakh)?\s?(?:\u20ac|\u00a3|dollars?|euros?|pounds?|usd|eur|gbp|rupees?|inr"
    r"|yen|cad|aud|chf)(?!\w)"
    r"|\d[\d,.]*k\b|\d{1,3}(?:,\d{3})+)"
)
_OWES = (
    r"(?:salary|income|wages?|pay\s?check|net\s+worth|savings?|mortgage|student\s+loans?|credit\s+card\s+debt"
    r"|debts?|loan"
    r"|pension|rent|bonus|alimony|child\s+support|inheritance)"
)
_BELIEFS = (
    r"(?:catholic|protestant|christian|muslim|jewish|hindu|buddhist|sikh|mormon|atheist|agnostic|evangelical|baptist"
    r"|lutheran|methodist|anglican|orthodox\s+(?:jew|christian)|jehovah's\s+witness|shia|sunni|quaker|pagan|wiccan"
    r"|republican|democrat|conservative|socialist|communist|libertarian|labour\s+voter|tory"
    r"|gay|lesbian|bisexual|bi|queer|pansexual|asexual|transgender|trans|non-binary|nonbinary|straight|heterosexual"
    r"|homosexual|pro-life|pro-choice)"
)
_KIN = (
    r"(?:mom|mum|mother|dad|father|sister|brother|son|daughter|wife|husband|partner|girlfriend|boyfriend|fianc\w+"
    r"|friend"
    r"|boss|family|parents|cousin|aunt|uncle|colleague|roommate|neighbou?r)"
)
_TENS = "(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_NUMERALS = (
    rf"(?:{_TENS}(?:-(?:one|two|three|four|five|six|seven|eight|nine))?|one|two|three|four|five|six|seven|eight|nine|ten"
    r"|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen)"
)
_DIGITS = "0 1 2 3 4 5 6 7 8 9"

RULES = (
    # -- numbers with a checksum or a rigid shape
    _rule("CREDIT_CARD", r"(?<![\w.-])(?P<v>\d(?:[ -]?\d){12,18})(?![\w-]|\.\d)", _DIGITS, CHECKED, is_card),
    _rule(
        "CREDIT_CARD",
        r"\b(?:card|visa|master\s?card|amex|american\s+express|maestro|discover|diners)\b[^\d\n]{0,40}(?<![\w.])"
        r"(?P<v>\d(?:[ -]?\d){11,18})(?![\w-])",
        "card visa amex american maestro discover diners",
        accepts=is_anchored_card,
    ),
    _rule("US_SSN", r"(?<![\w.-])(?P<v>\d{3}-\d{2}-\d{4})(?![\w-])", "-", SHAPED + 0.04, is_ssn),
    _rule(
        "US_SSN",
        r"\b(?:ssn|social\s+security)\b[^\d\n]{0,25}(?P<v>\d{3}[ .-]?\d{2}[ .-]?\d{4})(?!\d)",
        "ssn social",
        accepts=is_ssn,
    ),
    # -- the net
    _rule(
        "EMAIL_ADDRESS",
        r"(?<![\w.+%-])(?P<v>[\w+%-](?:[\w.+%'-]{0,63})@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24})(?![\w@]"
        r"|:[\w/])",
        "@",
        CHECKED,
        is_mailbox,
    ),
    _rule("URL", r"(?P<v>(?:https?://|www\.)[^\s<>\"'`)\]}]{3,})", "http www.", SHAPED - 0.05),
    _rule(
        "IP_ADDRESS",
        r"(?<![\w.=:/-])(?<!\bv)(?<!version )(?P<v>(?:\d{1,3}\.){3}\d{1,3})(?![\w-]|\.\d)",
        ".",
        SHAPED,
        is_public_address,
    ),
    _rule(
        "IP_ADDRESS",
        r"(?:(?<=\W[/|:])|(?<=\bip[=:]))(?P<v>(?:\d{1,3}\.){3}\d{1,3})(?![\w-]|\.\d)",
        "/ ip= | :",
        SHAPED,
        is_public_address,
    ),
    _rule(
        "IP_ADDRESS",
        r"(?<![\w:.])(?P<v>(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,6})(?![\w:])",
        ":",
        SHAPED,
        is_public_address,
    ),
    _rule(
        "MAC_ADDRESS",
        r"(?<![\w:.-])(?P<v>[0-9a-f]{2}(?P<sep>[:-])(?:[0-9a-f]{2}(?P=sep)){4}[0-9a-f]{2}"
        r"|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})(?![\w:-])",
        ": - .",
        SHAPED + 0.02,
        is_hardware,
    ),
    _rule(
        "USERNAME",
        r"\b(?:user\s?name|user\s+id|userid|screen\s+name|handle|nickname\s+online|gamertag|login(?:\s+name)?)\b"
        r"(?:\s+(?:on|at|for)\s+[\w. ]{2,20}?)?\s*(?:\bis\b|\bwas\b|[:=]"
        r"|['\"])+\s*['\"`@]*(?P<v>[\w](?:[\w.-]{0,38}\w))",
        "user handle login screen gamertag nickname",
        accepts=is_username,
    ),
    _rule(
        "USERNAME",
        r"\b(?:twitter|insta(?:gram)?|telegram|discord|tiktok|mastodon|snap(?:chat)?|reddit|twitch|bluesky|threads"
        r"|steam|venmo)\b"
        r"[^\n@.]{0,25}(?<![\w.])@(?P<v>[\w](?:[\w.-]{0,38}\w))",
        "@",
    ),
    _rule(
        "USERNAME",
        r"\b(?:insta(?:gram)?|telegram|discord|tiktok|mastodon|snap(?:chat)?|reddit|twitch|bluesky|steam|gamertag)"
        r"(?:\s+(?:handle|name|id|account|user\s?name))?\s*(?:\bis\b|:|=)\s*"
        r"(?P<v>(?=[\w.-]*[\d_#])\w(?:[\w.-]{0,38}\w)?(?:#\d{4})?)(?![\w@])",
        "insta telegram discord tiktok mastodon snap reddit twitch bluesky steam gamertag",
        accepts=is_username,
    ),
    _rule(
        "USERNAME",
        r"\b(?:uses?|used|have|has|took|picked|chose|under|with|by)\s+the\s+(?:handle|user\s?name|nick(?:name)?|gamertag)\s+"
        r"['\"`@]*(?P<v>\w(?:[\w.-]{1,38}\w))",
        "handle user nick gamertag",
        accepts=is_username,
    ),
    # -- birth and age
    _rule(
        "DATE_OF_BIRTH",
        rf"\b{_BIRTH}\b[^\d\n]{{0,25}}?\b(?P<v>{_NUMERIC_DATE}|{_WORDED_DATE})",
        "born birth dob d.o.b bday",
    ),
    _rule("DATE_OF_BIRTH", r"\b(?:was|were|am|i'm)\s+born\s+in\s+(?P<v>(?:19|20)\d{2})\b", "born"),
    _rule(
        "AGE",
        r"(?<![\w.,$-])(?P<v>\d{1,3})(?:[\s-]+(?:years?|yrs?|months?|weeks?)[\s-]+olds?\b|\s?y/?o\b|-year-old)",
        "old yo y/o",
        accepts=lambda v: int(v) <= 120,
    ),
    _rule(
        "AGE",
        r"\b(?:aged?(?:\s+(?:is|of)|:)?)\s+(?P<v>\d{1,3})\b(?![:./,]?\d|-)",
        "age",
        accepts=lambda v: 1 <= int(v) <= 120,
    ),
    _rule(
        "AGE",
        r"\b(?:turn(?:ed|s|ing)?|(?:i'm|i\s+am|(?:s?he|who)(?:'s|\s+is)|they\s+are|they're)(?:\s+only|\s+just"
        r"|\s+now)?)"
        r"\s+(?P<v>\d{1,3})\b(?=\s*(?:$|[,;!?)\n]|\.(?!\d)|(?:and|but|so|now|today|yesterday|tomorrow|in|on|this"
        r"|last|next|soon|already|years?|while|when)\b))"
        r"(?!\s*(?:in|on)\s+(?:line|row|total|all|the)\b|,\d)",
        "turn i'm i am she he they who",
        accepts=lambda v: 1 <= int(v) <= 120,
    ),
    _rule(
        "AGE",
        rf"\b(?:my|his|her|our|their|your)\s+(?:[\w-]+\s+)?(?:{_KIN}|kid|baby|twins?|nephew|niece|grand\w+|dog|cat)"
        rf"(?:,?\s+(?-i:[A-Z]\w+),?)?(?:'s|\s+is|\s+are)(?:\s+(?:only|just|now|almost|nearly|about|already|both))?"
        rf"\s+(?P<v>\d{{1,3}}|{_NUMERALS})\b(?!\s*(?:%|[:.,/]\d|-\w|of\b|(?!years?|months?|weeks?|and|but|so|now|this|today"
        rf"|tomorrow|yesterday|in|on|next|soon|already|while|when|or|years)[a-z]))",
        "my his her our their your",
        accepts=lambda v: not v.isdigit() or 1 <= int(v) <= 120,
    ),
    # -- papers, anchored on what they are called
    _rule(
        "PASSPORT",
        r"\bpassport\b(?:\s+(?:number|no|num|id))?\.?" + _TO + r"(?P<v>[A-Z]{0,3}\d[A-Z0-9]{5,9})\b",
        "passport",
    ),
    _rule(
        "US_DRIVER_LICENSE",
        r"\b(?:driver'?s?|driving)\s*'?\s*licen[cs]e\b" + _TO + r"(?P<v>" + _CODE + r")\b",
        "licen",
        accepts=has_digits(4),
    ),
    _rule(
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
    _rule(
        "LICENSE_PLATE",
        r"\b(?:vin|vehicle\s+identification\s+number|chassis\s+number)\b" + _TO + r"(?P<v>[A-HJ-NPR-Z0-9]{17})\b",
        "vin vehicle chassis",
        accepts=has_digits(4),
    ),
    _rule(
        "US_BANK_NUMBER",
        r"\b(?:bank\s+account|checking\s+account|savings\s+account|account\s+(?:number|no\.?)|acct\.?|routing"
        r"|sort\s+code|aba|bsb)\b" + _TO + r"(?P<v>\d(?:[ -]?\d){4,17})\b",
        "account acct routing sort aba bsb",
    ),
    _rule(
        "US_BANK_NUMBER",
        r"\b(?:swift|bic)\b(?:\s*/\s*bic)?" + _TO + r"(?-i:(?P<v>[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?))\b",
        "swift bic",
    ),
    _rule(
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
    _rule(
        "ID_NUMBER",
        r"\b(?:aadhaa?r|pan\s+card|nino|nif|nie|dni|pesel|bsn|cpf|rut|curp|cnp|nric|tfn|mrn|itin|ein"
        r"|codice\s+fiscale|personnummer"
        r"|steuer-?id|sin)\b" + _TO + r"(?P<v>(?=[A-Z0-9./ -]*\d)[A-Z0-9](?:[A-Z0-9./-]|\s(?=\d)){6,20}[A-Z0-9])\b",
        "aadha pan nino nif nie dni pesel bsn cpf rut curp cnp nric tfn mrn itin ein codice personnummer steuer sin",
        accepts=has_digits(6),
    ),
    # -- money and conviction, of a person: the words tie them to one
    _rule(
        "FINANCE",
        rf"\b(?:my|his|her|their|our|your|\w+'s)\s+(?:\w+\s+){{0,2}}?(?P<v>{_OWES}\b[^.,;\n]{{0,30}}?{_MONEY})",
        "my his her their our your 's",
    ),
    _rule(
        "FINANCE",
        rf"\b(?:i|he|she|they|we|who)\s+(?:\w+\s+)?(?P<v>(?:earns?|earned|makes?|owes?|owed"
        rf"|inherited)\b[^.,;\n]{{0,25}}?{_MONEY}"
        rf"(?:\s+(?:a|per)\s+(?:year|month|week|hour)|\s+in\s+{_OWES})?)",
        "earn make owe inherit",
    ),
    _rule(
        "FINANCE",
        rf"\b(?P<v>owe[sd]?\s+(?:\w+\s+)?{_MONEY}\s+(?:on|in|for)\s+(?:\w+\s+){{0,2}}?{_OWES})\b",
        "owe",
    ),
    _rule(
        "FINANCE",
        r"\b(?P<v>credit\s+score(?:\s+(?:is|of|was|dropped\s+to|went\s+up\s+to))?:?\s+\d{3})\b",
        "credit score",
    ),
    _rule(
        "BELIEF",
        rf"\b(?:i'm|i\s+am|he's|she's|(?:he|she|who|my\s+{_KIN})\s+(?:is|are|was)|they\s+are|they're"
        rf"|came\s+out\s+as|identif(?:y|ies)\s+as"
        rf"|converted\s+to|raised|grew\s+up)\s+(?:(?:an?|as|both|openly|also|very|quite|devout|practi[cs]ing|lapsed"
        rf"|strict|lifelong)\s+){{0,3}}"
        rf"(?P<v>{_BELIEFS})(?!\s+(?:forward|away|up|out|line|with|about|in|to)\b|-)\b",
        "i he she they who my raised came identif convert grew",
    ),
    _rule(
        "BELIEF",
        r"\b(?:(?:i|he|she|they|we)\s+(?:always\s+|usually\s+)?votes?d?\s+(?:for\s+)?(?:the\s+)?"
        r"|member\s+of\s+(?:the\s+)?)"
        r"(?P<v>(?-i:[A-Z]\w+)(?:\s+(?-i:[A-Z]\w+))?\s*(?:party|union)?|labou?r|green|conservative|republican"
        r"|democrat\w*|tory)\b",
        "vote member",
        accepts=is_party,
    ),
    # -- any full date, not only of birth; a policy elsewhere leaves them readable
    _rule("DATE_TIME", rf"(?<![\w./-])(?P<v>{_NUMERIC_DATE}{_CLOCK})", "- / .", 0.5, lambda v: len(digits(v)) >= 6),
    _rule("DATE_TIME", rf"(?<![\w.])(?P<v>{_WORDED_DATE})", _MONTHS, 0.5),
)
