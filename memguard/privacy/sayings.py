"""Rules for what people say of themselves and each other, in English: birth, age, blood, money, belief. Pure."""

from __future__ import annotations

from memguard.privacy.checks import digits, is_party
from memguard.privacy.rules import rule

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

SAYINGS = (
    # -- birth, age and blood
    rule(
        "HEALTH",
        r"\bblood\s+(?:type|group)(?:\s+is|\s+was|:)?\s+"
        r"(?P<v>(?-i:AB|A|B|O)\s?(?:[+-](?!\w)|(?:rh\s*)?(?:positive|negative|pos|neg)\b))",
        "blood",
    ),
    rule(
        "DATE_OF_BIRTH",
        rf"\b{_BIRTH}\b[^\d\n]{{0,25}}?\b(?P<v>{_NUMERIC_DATE}|{_WORDED_DATE})",
        "born birth dob d.o.b bday",
    ),
    rule("DATE_OF_BIRTH", r"\b(?:was|were|am|i'm)\s+born\s+in\s+(?P<v>(?:19|20)\d{2})\b", "born"),
    rule(
        "AGE",
        r"(?<![\w.,$-])(?P<v>\d{1,3})(?:[\s-]+(?:years?|yrs?|months?|weeks?)[\s-]+olds?\b|\s?y/?o\b|-year-old)",
        "old yo y/o",
        accepts=lambda v: int(v) <= 120,
    ),
    rule(
        "AGE",
        r"\b(?:aged?(?:\s+(?:is|of)|:)?)\s+(?P<v>\d{1,3})\b(?![:./,]?\d|-)",
        "age",
        accepts=lambda v: 1 <= int(v) <= 120,
    ),
    rule(
        "AGE",
        r"\b(?:turn(?:ed|s|ing)?|(?:i|s?he|they)(?:'ll|\s+will)\s+be"
        r"|(?:i'm|i\s+am|(?:s?he|who)(?:'s|\s+is)|they\s+are|they're)(?:\s+only|\s+just|\s+now)?)"
        r"\s+(?P<v>\d{1,3})\b(?=\s*(?:$|[,;!?)\n]|\.(?!\d)|(?:and|but|so|now|today|yesterday|tomorrow|in|on|this"
        r"|last|next|soon|already|years?|while|when)\b))"
        r"(?!\s*(?:in|on)\s+(?:line|row|total|all|the)\b|,\d)",
        "turn i'm i am she he they who",
        accepts=lambda v: 1 <= int(v) <= 120,
    ),
    rule(
        "AGE",
        rf"\b(?:my|his|her|our|their|your)\s+(?:[\w-]+\s+)?(?:{_KIN}|kid|baby|twins?|nephew|niece|grand\w+|dog|cat)"
        rf"(?:,?\s+(?-i:[A-Z]\w+),?)?(?:'s|\s+is|\s+are)(?:\s+(?:only|just|now|almost|nearly|about|already|both))?"
        # Nothing that is counted follows: of other words only these may.
        rf"\s+(?P<v>\d{{1,3}}|{_NUMERALS})\b(?!\s*(?:%|[:.,/]\d|-\w|of\b"
        r"|(?!years?|months?|weeks?|and|but|so|now|this|today"
        r"|tomorrow|yesterday|in|on|next|soon|already|while|when|or)[a-z]))",
        "my his her our their your",
        accepts=lambda v: not v.isdigit() or 1 <= int(v) <= 120,
    ),
    # -- money and conviction, of a person: the words tie them to one
    rule(
        "FINANCE",
        rf"\b(?:my|his|her|their|our|your|\w+'s)\s+(?:\w+\s+){{0,2}}?(?P<v>{_OWES}\b[^.,;\n]{{0,30}}?{_MONEY})",
        "my his her their our your 's",
    ),
    rule(
        "FINANCE",
        rf"\b(?:i|he|she|they|we|who)\s+(?:\w+\s+)?(?P<v>(?:earns?|earned|makes?|owes?|owed"
        rf"|inherited)\b[^.,;\n]{{0,25}}?{_MONEY}"
        rf"(?:\s+(?:a|per)\s+(?:year|month|week|hour)|\s+in\s+{_OWES})?)",
        "earn make owe inherit",
    ),
    rule(
        "FINANCE",
        rf"\b(?P<v>owe[sd]?\s+(?:\w+\s+)?{_MONEY}\s+(?:on|in|for)\s+(?:\w+\s+){{0,2}}?{_OWES})\b",
        "owe",
    ),
    rule(
        "FINANCE",
        r"\b(?P<v>credit\s+score(?:\s+(?:is|of|was|dropped\s+to|went\s+up\s+to))?:?\s+\d{3})\b",
        "credit score",
    ),
    rule(
        "BELIEF",
        rf"\b(?:i'm|i\s+am|we're|we\s+are|he's|she's|(?:he|she|who|my\s+{_KIN})\s+(?:is|are|was)|they\s+are|they're"
        rf"|came\s+out\s+as|identif(?:y|ies)\s+as"
        rf"|converted\s+to|raised|grew\s+up)\s+(?:(?:an?|as|both|openly|also|very|quite|devout|practi[cs]ing|lapsed"
        rf"|strict|lifelong|registered|committed|born-again)\s+){{0,3}}"
        rf"(?P<v>{_BELIEFS})(?!\s+(?:forward|away|up|out|line|with|about|in|to)\b|-)\b",
        "i he she they who my raised came identif convert grew",
    ),
    rule(
        "BELIEF",
        r"\b(?:(?:i|he|she|they|we)\s+(?:always\s+|usually\s+)?votes?d?\s+(?:for\s+)?(?:the\s+)?"
        r"|member\s+of\s+(?:the\s+)?)"
        r"(?P<v>(?-i:[A-Z]\w+)(?:\s+(?-i:[A-Z]\w+))?\s*(?:party|union)?|labou?r|green|conservative|republican"
        r"|democrat\w*|tory)\b",
        "vote member",
        accepts=is_party,
    ),
    # -- any full date, not only of birth; a policy elsewhere leaves them readable
    rule("DATE_TIME", rf"(?<![\w./-])(?P<v>{_NUMERIC_DATE}{_CLOCK})", "- / .", 0.5, lambda v: len(digits(v)) >= 6),
    rule("DATE_TIME", rf"(?<![\w.])(?P<v>{_WORDED_DATE})", _MONTHS, 0.5),
)
