"""The words beside a name that say whose or what it is, in English. Pure.

Patterns that end in `$` are held against what stands before a name, those for what follows against the text from there.
"""

from __future__ import annotations

import re

TITLES = frozenset(
    """mr mrs ms miss mx dr prof professor sir dame madam lord lady rev pastor rabbi imam captain sgt officer judge
    senator principal detective inspector councillor headmaster headmistress headteacher chancellor governor
    sheriff""".split()
)
ABBREVIATED = frozenset("mr mrs ms mx dr prof rev capt sgt lt".split())
"""Titles that are written with a full stop: after another word it ends the sentence."""
KIN = (
    r"(?:mom|mum|mother|dad|father|sister|brother|twin|son|daughter|wife|husband|spouse|partner|girlfriend"
    r"|boyfriend|fianc[ée]e?|ex|aunt|uncle"
    r"|cousin|nephew|niece|grandson|granddaughter|grandma|grandpa|grandmother|grandfather|stepson|stepdaughter"
    r"|stepmom|stepdad|godmother"
    r"|godfather|baby|kid|child|friend|bestie|buddy|roommate|flatmate|housemate|neighbou?r|boss|manager|supervisor"
    r"|colleague|coworker|co-worker"
    r"|teammate|mentor|intern|assistant|teacher|tutor|professor|coach|trainer|therapist|doctor|dentist|gp|nurse"
    r"|lawyer|attorney|accountant"
    r"|landlord|landlady|tenant|client|patient|student|classmate|nanny|babysitter|in-law|crush|pastor|kids|sons"
    r"|daughters|brothers|sisters"
    r"|friends|children|twins|parents|colleagues|dog|cat|puppy|kitten)"
)
BEFORE_STRONG = re.compile(
    rf"(?:\b(?:name|names|nickname|surname)(?:\s+is|\s+was|\s+are|'s|:|\?)?|\b(?:calls?\s+(?:me|him|her|us)"
    rf"|nicknamed|a\.?k\.?a\.?)"
    rf"|\b(?:he|she|they|who|i|is|was|{KIN}|man|woman|guy|girl|boy|person|someone|somebody)(?:'s|'m|\s+is|\s+was"
    rf"|\s+are)?\s+(?:called|named)"
    rf"|\b(?:my|his|her|our|your|their|\w's|user's)\s+(?:[\w-]+\s+){{0,2}}?{KIN}(?:,|:|\s+is|\s+named|\s+called)?"
    r"|(?:^|[.!?:,]\s)(?:hi|hello|hey|dear|good\s+(?:morning|evening|afternoon)|thanks|thank\s+you|bye),?"
    r"|\b(?:friend|boss|colleague|cousin|sister|brother|uncle|aunt|teacher|doctor|nurse|attorney|therapist|dentist"
    r"|coach)"
    r"|\b(?:lunch|dinner|coffee|drinks?|breakfast|brunch|tea|hung\s+out|hang\s+out|hanging\s+out|met\s+up|argument"
    r"|broke\s+up|in\s+love|argued|a\s+date)\s+with|\b(?:ran|bumped)\s+into"
    r"|\b(?:born\s+to|married\s+to|engaged\s+to|dating|divorced\s+from|maiden\s+name(?:\s+is)?|sincerely,?"
    r"|regards,?|yours,|love,|xoxo,?|signed,?"
    r"|contact:?|passenger:?|patient:?|tenant:?|attn:?|c/o|directed\s+by:?|written\s+by:?))\s*[\"']?$",
    re.IGNORECASE,
)
BEFORE_WEAK = re.compile(
    r"(?:(?:^|[\s\"'.,!?])(?:hi|hello|hey|dear|thanks|thank\s+you|bye|congrats|congratulations|sorry|welcome|cheers"
    r"|yes|no|ok|okay|well|please)[,!]?"
    r"|\b(?:i'm|i\s+am|its|it's|it\s+is|this\s+is|that's|here\s+is|here's|how's|how\s+is|where's|where\s+is|met|meet|met\s+with|ask|asked|tell|told"
    r"|email|emailed|texted|text|invite|invited"
    r"|remind|visit|visiting|miss|married|with|not\s+by|for|from|to|by|about|between|than|early|late|unlike"
    r"|@))\s*[\"']?$",
    re.IGNORECASE,
)
BEFORE_WHOM = re.compile(
    r"\b(?:i'm|i\s+am|it\s+is|it's|its|this\s+is|met|meet|ask|asked|tell|told|email|emailed|texted|text|ping|message"
    r"|messaged|invite|invited|remind|phoned|thank|kiss|hug"
    r"|belongs?\s+to|says|said|guest|tenant|named)\s*[\"']?$",
    re.IGNORECASE,
)
"""What is done to people, or said before a name, and seldom to anything else with a capital."""
SURNAME = re.compile(
    r"(?:sk[iya]|[cs]ki|wicz|icz|vi[cć]|i[cć]|ová|ova|ov|ev|sson|sen|dóttir|enko|chuk|czyk|oğlu|oglu|opoulos|idis"
    r"|akis|yan|ian|shvili|adze|mann|berg|stein|inen|escu|eanu|[aeo]z|ini|elli|etti|ucci"
    r"|eira|inho|ström|quist|gaard|stad|huis|stra|ink|tzky)$"
)
"""Endings of family names in many languages; no company is called so and nothing else."""
AFTER_STRONG = re.compile(
    rf"'s\s+(?:[\w-]+\s+){{0,2}}?(?:{KIN}|birthday|bday|birth|wedding|anniversary|funeral|phone|mobile|cell|number"
    rf"|e-?mail|address|house|flat|apartment"
    r"|place|age|salary|surgery|diagnosis|allergy|favou?rite|school|teacher|life|death|hair|health|killers?|maiden)\b"
    r"|\s+(?:said|says|told|asked|replied|laughed|smiled|loves|hates|likes|thinks|believes|married|lives|lived"
    r"|moved|grew\s+up|was\s+born|is\s+allergic|is\s+coming"
    r"|are\s+coming|is\s+my|was\s+my|and\s+i\b|has\s+been\s+diagnosed|was\s+diagnosed|works\s+as|wants\s+me"
    r"|called\s+me|texted|emailed|turns\s+\d|turned\s+\d|is\s+\d{1,3}\b(?!\s?(?:%|[.:/-]\d)))",
    re.IGNORECASE,
)
LABELS = re.compile(r"^([^\W\d_]\w+)(?: [^\W\d_]\w+)?\s?:\s*[\"\w]", re.MULTILINE)
"""Who speaks, at the start of a line. Lines are a dialogue where a label comes again or is a given name."""
SPEAKER = re.compile(r"\s?:(?:\s|\"|$)")
PLACE_BEFORE = re.compile(
    r"(?:\b(?:liv(?:e|es|ed|ing)|reside[sd]?|residing|based|born|raised|grew\s+up|stay(?:ing|ed|s)?|vacation"
    r"|holidays?|honeymoon|office|house|apartment|flat|home"
    r"|mov(?:e|ed|es|ing)|relocat(?:e|ed|ing)|travel(?:s|led|ling|ing)?|fl(?:y|ying|ew|ight|ights)|trip|drive|drove"
    r"|back|commut(?:e|es|ing)|university|hometown)"
    r"\s+(?:is\s+|was\s+)?(?:back\s+)?(?:in|to|from|at|near|of|outside)|\b(?:town|city|village|suburb|place|country"
    r"|island|neighbou?rhood)\s+(?:called|named|of)"
    r"|\b(?:visit(?:ed|ing|s)?|hometown\s+is|(?:'s|'m|'re)\s+from|am\s+from|is\s+from|are\s+from|come\s+from"
    r"|comes\s+from))\s+$",
    re.IGNORECASE,
)
IN = re.compile(r"\b(?:in|near)\s+$", re.IGNORECASE)
WORKS_AT = re.compile(
    r"\b(?:work(?:s|ed|ing)?\s+(?:at|for|with)|employed\s+(?:at|by)|hired\s+by|interview(?:ed|ing)?\s+(?:at|with)"
    r"|job\s+(?:at|with|offer\s+from)|employer\s+is"
    r"|intern(?:ed|ing|ship)?\s+(?:at|with)|joined|company\s+(?:is|called)|started\s+at|left|position\s+at"
    r"|career\s+at|shares\s+(?:of|in)|invested\s+in)\s+$",
    re.IGNORECASE,
)
COMPANY = re.compile(
    r"\b(?:[^\W\d_a-z][\w&.'-]*,?\s+(?:(?:and|&|of|de)\s+)?){1,4}(?:Inc|LLC|Ltd|Limited|GmbH|AG|PLC|Corp"
    r"|Corporation|Company|Group|Holdings|Sons|University|College|Hospital"
    r"|Bank|Institute|Foundation|Partners|Associates|Technologies|Solutions|Industries)\b\.?"
    r"|\b[^\W\d_a-z][\w'-]+,\s+[^\W\d_a-z][\w'-]+\s+and\s+[^\W\d_a-z][\w'-]+(?=\s*[).;]|$|\s+(?:as|in|for|was|is"
    r"|and)\b)|\b[^\W\d_a-z][\w']+-[^\W\d_a-z][\w']+(?=\s*\))"
)
PARTICLES = frozenset("de da do dos das del della di la le los van von der den ter ten bin ibn al el y e of st".split())
PERSONAL = frozenset(("PERSON", "ORG", "GPE", "LOC", "FAC", "NORP", "WORK_OF_ART", "PRODUCT", "EVENT"))
RUN_MAX = 5
INSTITUTIONS = frozenset(
    """school schools university college academy hospital clinic library airport stadium church cathedral museum theatre
    theater institute foundation kindergarten nursery gymnasium elementary station arena""".split()
)
"""What is often named after somebody, or after a place."""
NAMED = re.compile(
    r"\b(?:(?:maiden\s+|last\s+|first\s+|sur|nick)?name\s+(?:is|was)|call\s+me|named)\s+$", re.IGNORECASE
)
"""What follows is a name, be it a word that is listed as none."""
PREFIXED = re.compile(
    r"\b(?:North|South|East|West|New|Port|Lake|Fort|Mount|San|Santa|Los|Las|Saint|St\.)\s(?!York Times"
    r"|Year)[^\W\d_a-z][\w'-]+(?:\s(?=[^\W\d_a-z][\w'-]*(?:ville|ton|land|shire|burg|City|Beach|Bay)\b)[\w'-]+)?"
)
"""A place that is named after another place, a direction or a saint."""
ARTICLE = re.compile(
    r"\b(?:the|an?|my|your|our|this|that|these|those|some|any|(?:read|watch|play|stream|buy|drive|wear|drink|eat"
    r"|use|install|collect)(?:s|ing|ed)?"
    r"|bought|drove|ate|using|(?:book|movie|film|game|song|album|band|novel|series|show|app|brand|language"
    r"|recommendations?)s?(?:\s+is|:)?)\s+$",
    re.IGNORECASE,
)
"""A single word after one of these is a thing, a title or a brand."""
VOCATIVE = re.compile(r",\s+(?:can|could|would|will|please|what|how|do|did|are|have|may)\b", re.IGNORECASE)
"""At the start of a sentence it is spoken to somebody."""
EPONYM = re.compile(
    r"'s\s+(?:law|theorem|algorithm|paradox|razor|syndrome|disease|equation|principle|constant|method|test)\b"
    r"|\s+(?:comma|cage|diagram)\b"
)
DOES = re.compile(
    r"'s\b|,?\s+(?:and\s+I|&|is|was|has|had|will|would|can|could|did|does|went|came|got|gave|took|said|says|thinks?"
    r"|[a-z]{3,}ed)\b|\s*\?",
    re.IGNORECASE,
)
TOWARDS = re.compile(
    r"\b(?:in|at|to|from|near|of|around|outside|via|through|across|between|and|the|visit\w*|left|leaving|leave|or"
    r"|over|like|see|,)\s+$|[(,]\s*$",
    re.IGNORECASE,
)
"""What stands before a place that no list knows."""
