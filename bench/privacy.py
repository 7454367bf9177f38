"""Does privacy hold, and what does it cost? One row for each line of what must be shown.

    python -m bench.privacy [--data ../shared/data]

Detection on annotated texts, false alarms in developers' texts, secrets and look-alikes of them, bytes of secrets in
decrypted pages; then, through the real API (`bench.privacy_recall`): what recall loses on LoCoMo dev, queries by parts
of names, whether everything is restored, and milliseconds. That value and placeholder are one to one over threads and
processes is shown by a test, `tests/privacy/test_one_value_one_placeholder.py`.
"""

from __future__ import annotations

import json
import random
import string
from collections import Counter
from pathlib import Path
from typing import Any

from bench import privacy_detection as detection
from bench import privacy_recall as recall
from bench.common import ROOT, fresh_memory, need, parser, report
from bench.pages import decrypted
from memguard import Memory
from memguard.privacy.policy import KINDS, Level, Policy
from memguard.privacy.privacy import Privacy
from memguard.privacy.spans import Span
from memguard.settings import Settings

Row = dict[str, Any]
OWN = ROOT / "bench" / "data" / "privacy"
POLICY = Policy()
FORMATS = (
    "the password is {}", "password: {}", "my wifi password is {}", "export API_KEY={}", 'api_key = "{}"',
    "curl -H 'Authorization: Bearer {}'", "postgres://app:{}@db.example.org/app", "SECRET_TOKEN={}", "pw: {} (staging)",
    '{{"client_secret": "{}"}}',
)  # fmt: skip
"""Ways in which people and programs write a secret down."""


def main() -> None:
    options = parser(__doc__).parse_args()
    pii = lines(need(options.data / "pii" / "dev.jsonl"))
    locomo = json.loads(need(options.data / "locomo" / "dev.json").read_text())
    rows = [*found_of_annotated(pii), *developers(), *secrets(pii), *planted()]
    rows += recall.utility(locomo)
    rows += recall.name_parts(lines(OWN / "name_parts.jsonl"))
    rows += recall.cost(locomo, [row["text"] for row in (*pii, *lines(OWN / "developer.jsonl"))])
    report("privacy", rows, data="pii dev, LoCoMo dev, dialogues, developer memories")


def lines(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def found_in(texts: list[str]) -> list[list[Span]]:
    """What a memory with the settings as they ship finds in texts."""
    recall.say(f"detection in {len(texts)} texts")
    detector, found = Privacy.of(Settings.load()).detector, []
    for start in range(0, len(texts), detection.BATCH):
        found += detector.find(texts[start : start + detection.BATCH])
    return found


def found_of_annotated(pii: list[Row]) -> list[Row]:
    """F1 over all annotated texts of each part, tuned and held out together (`bench.privacy_detection` parts them)."""
    rows = [row for row in pii if any(row["source"].startswith(prefix) for prefix in detection.PARTS.values())]
    pairs = list(zip(rows, found_in([row["text"] for row in rows]), strict=True))
    scored = []
    for part, prefix in detection.PARTS.items():
        row = detection.scored(part, [pair for pair in pairs if pair[0]["source"].startswith(prefix)])
        figures = {name: row[name] for name in ("strict F1", "relaxed F1", "characters F1")}
        flagged = f", without PII flagged {row['flagged']}" if row["flagged"] else ""
        shown = " / ".join(str(value) for value in figures.values())
        scored.append({"what": f"F1 strict / relaxed / characters, {part}", "here": shown + flagged})
    return scored


def developers() -> list[Row]:
    """Texts in which something is masked that is no part of a name that truly occurs there, or something is dropped."""
    rows = lines(OWN / "developer.jsonl")
    wrong: list[tuple[str, str]] = []
    texts, dropped = set(), 0
    for row, spans in zip(rows, found_in([row["text"] for row in rows]), strict=True):
        masked = [span for span in spans if POLICY.action(span.type) != "keep"]
        dropped += any(POLICY.level(span.type) == Level.USABLE for span in masked)
        false = [span for span in masked if not in_a_name(row["text"][span.start : span.end], row["names"])]
        wrong += [(span.type, row["text"][span.start : span.end]) for span in false]
        texts |= {row["text"]} if false else set()
    for type_, value in wrong:
        recall.say(f"false: {type_} {value!r}")
    return [
        {"what": "developer memories with a false placeholder", "here": recall.percent(len(texts) / len(rows))},
        {"what": "developer memories with a wrong PL4 drop", "here": str(dropped)},
    ]


def in_a_name(value: str, names: list[str]) -> bool:
    words = {word for name in names for word in name.casefold().split()}
    return set(value.casefold().replace("'s", "").replace("\u2019s", "").split()) <= words


def secrets(pii: list[Row]) -> list[Row]:
    """Secrets of annotated lines that are found, and texts without any in which one is found."""
    rows = [row for row in pii if row["source"].rpartition("/")[2] in ("secret", "secret-neg", "conv-neg")]
    met, alarms = Counter[bool](), 0
    for row, spans in zip(rows, found_in([row["text"] for row in rows]), strict=True):
        usable = [span for span in spans if POLICY.level(span.type) == Level.USABLE]
        gold = [Span(s["start"], s["end"], s["type"]) for s in row["spans"]]
        if row["source"].endswith("/secret"):
            met.update(any(detection.overlap(a, b) for b in usable) for a in gold)
        else:
            alarms += bool(usable)
    negatives = sum(not row["source"].endswith("/secret") for row in rows)
    share = recall.percent(met[True] / met.total())
    return [{"what": "secrets found / false alarms", "here": f"{share} / {alarms} of {negatives} texts"}]


def planted() -> list[Row]:
    """Bytes of a hundred random secrets in any file or decrypted page, after writes, updates, questions and a close."""
    chance = random.Random(4)
    tokens = ["".join(chance.choices(string.ascii_letters + string.digits, k=24)) + "!7" for _ in range(100)]
    texts = [FORMATS[i % len(FORMATS)].format(token) for i, token in enumerate(tokens)]
    rows = []
    for what, settings in (("", {}), (", control: all is kept", {"levels": dict.fromkeys(KINDS, "1")})):
        recall.say(f"planting{what}")
        with fresh_memory(**settings) as memory:
            left = bytes_left(memory, texts, tokens)
        rows.append({"what": f"bytes of {len(tokens)} planted secrets in any file or page{what}", "here": str(left)})
    return rows


def bytes_left(memory: Memory, texts: list[str], tokens: list[str]) -> int:
    for text in texts[::2]:
        memory.add(text, user_id="ana", metadata={"note": text})
    stored = memory.add_many([{"text": text, "run_id": "r"} for text in texts[1::2]], user_id="ana")
    memory.update(stored[0].id, texts[0], user_id="ana")
    memory.search(texts[0], user_id="ana", for_run="r")
    memory.mask(texts[1], user_id="ana")
    seen = decrypted(memory, "ana")
    memory.close()
    files = [path for path in memory.home.path.parent.rglob("*") if path.is_file()]
    seen += decrypted(memory, "ana") + b"".join(path.read_bytes() for path in files)
    left = [token for token in tokens if token.encode() in seen]
    for token in left if memory.settings.levels == {} else ():
        recall.say(f"left: {texts[tokens.index(token)]}")
    return sum(len(token) for token in left)


if __name__ == "__main__":
    main()
