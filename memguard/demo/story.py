"""`memguard demo`: one story in about a minute, on a conversation written for it.

Nine months of two people, their agent and a build tool: 359 turns with things that change. The demo shows what this
version promises and nothing else; every line it prints was computed in the run.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memguard.memory import Memory
from memguard.records import Hit

STORY = Path(__file__).with_name("story.json")
OWNER = "ottilie-and-idris"
QUESTIONS = (
    "On which date did Ottilie take up swimming in the sea?",
    "To which address does the site send a note about each new order?",
    "Would a box of praline chocolates make a good present for Ottilie?",
)
OLD = "The preorder deadline for Saturday bread is Wednesday at eight in the evening."
NEW = "The preorder deadline for Saturday bread is Tuesday at noon now."
PERSONAL = "Ring Dr. Honora Whitcombe on +44 7700 900142, and the shop's new password is tide-lamp-41-orchard."
WRITES_BEFORE_KILL = 25
RUN = "call-with-the-practice"
"""Of what is said about a person, and forgotten at the end."""


def tell(keep: Path | None = None) -> int:
    """Run the story in a home of its own; 0 if everything held."""
    with _folder(keep) as base, Memory(base / "home", keys=base / "keys") as memory:
        _import(memory)
        _ask(memory)
        _change(memory)
        masked = _mask(memory, base)
        survived = _kill(memory, base)
        hidden = _scan(base)
        forgotten = _forget(memory, base)
    print(
        "\nNot in this version: memories are not yet screened for poison, and models that were fine-tuned on them are"
    )
    print("not yet unlearned. README says what is.")
    return 0 if masked and survived and hidden and forgotten else 1


def _import(memory: Memory) -> None:
    _head("1. An encrypted memory keeps a real conversation")
    started = time.perf_counter()
    done = memory.import_(STORY, user_id=OWNER)
    seconds = time.perf_counter() - started
    print(f"   {done.stored} memories stored in {seconds:.1f} s, the model's first start included")


def _ask(memory: Memory) -> None:
    _head("2. And finds again what was said")
    for question in QUESTIONS:
        started = time.perf_counter()
        hits = memory.search(question, user_id=OWNER, limit=2)
        print(f"   {question}  ({1000 * (time.perf_counter() - started):.0f} ms)")
        _show(hits)


def _change(memory: Memory) -> None:
    _head("3. Something changed: the current one leads, the old one stays readable")
    memory.add(OLD, user_id=OWNER, actor="Pilot", agent_id="Pilot")
    stored = memory.add(NEW, user_id=OWNER, actor="Pilot", agent_id="Pilot")
    superseded = stored.superseded if not isinstance(stored, list) else ()
    print(f"   the new statement superseded {len(superseded)} earlier one(s)")
    _show(memory.search("When is the preorder deadline for Saturday?", user_id=OWNER, limit=2))


def _mask(memory: Memory, base: Path) -> bool:
    _head("4. Who is meant stands masked, and a password is not kept at all")
    stored = memory.add(PERSONAL, user_id=OWNER, actor="Ottilie", run_id=RUN)
    memory_id = "" if isinstance(stored, list) else stored.id
    with Memory(base / "home", keys=base / "keys", grant="strict") as stranger:
        seen = stranger.get(memory_id, user_id=OWNER).text
    shown = memory.get(memory_id, user_id=OWNER).text
    print(f"   said:    {PERSONAL}\n   stored:  {seen}\n   to you:  {shown}")
    return "Honora" not in seen and "Honora" in shown and "tide-lamp" not in shown


def _kill(memory: Memory, base: Path) -> bool:
    _head("5. kill -9 in the middle of a write, and open again")
    writer = subprocess.Popen(
        [sys.executable, "-m", "memguard.demo.writer", str(base)], stdout=subprocess.PIPE, text=True
    )
    acknowledged = []
    for line in writer.stdout or ():
        acknowledged.append(line.strip())
        if len(acknowledged) == WRITES_BEFORE_KILL:
            os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    there = {record.id for record in memory.get_all(user_id=OWNER, limit=10_000, run_id="writer")}
    lost = [memory_id for memory_id in acknowledged if memory_id not in there]
    print(f"   the writer died by signal {-writer.returncode}; {len(acknowledged)} writes were acknowledged,")
    print(f"   {len(there)} are there, {len(lost)} acknowledged ones are lost")
    return not lost and bool(acknowledged)


def _scan(base: Path) -> bool:
    _head("6. What a thief of the disk can read")
    words = {word.encode() for word in re.findall(r"[A-Za-z]{7,}", STORY.read_text())} | {OWNER.encode()}
    files = [path for path in base.rglob("*") if path.is_file()]
    readable = sum(word in data for data in map(Path.read_bytes, files) for word in words)
    control = sum(word in STORY.read_bytes() for word in words - {OWNER.encode()})
    size = sum(path.stat().st_size for path in files)
    print(f"   {len(files)} files, {size >> 10} KiB: {readable} of {len(words)} words of the story found in them")
    print(f"   the same search in the story itself finds {control}")
    return readable == 0 and control > 0


def _forget(memory: Memory, base: Path) -> bool:
    _head("7. Forget what was said in one call, look at every byte that is left, and sign it")
    plan = memory.plan_forget(user_id=OWNER, run_id=RUN)
    started = time.perf_counter()
    certificate = memory.forget(plan, reference="demo")
    seconds = time.perf_counter() - started
    (base / "certificate.json").write_bytes(certificate.to_bytes())
    gone = f"{len(plan.going)} memory and {plan.values} values behind placeholders"
    print(f"   {gone} went, in {seconds:.1f} s: {certificate.state}")
    for check in certificate.checks:
        control = f" (before: {check.planted_found} of {check.planted} memories were seen)" if check.planted else ""
        print(f"   {sum(check.found.values())} found in {check.looked_at} {check.what}{control}")
    print(f"   not checked: {'; '.join(certificate.not_checked)}")
    report = memory.verify(base / "certificate.json")
    print(
        f"   memguard verify certificate.json: {report.verdict}, entry {report.chain and report.chain.entry} of the log"
    )
    return certificate.state == "complete" and report.verdict == "sound"


def _show(hits: list[Hit]) -> None:
    for hit in hits:
        when = (hit.record.happened_at or hit.record.recorded_at).date()
        note = "" if hit.record.current else "  [superseded]"
        print(f"      {when}  {hit.record.actor}: {hit.text[:110]}{'…' if len(hit.text) > 110 else ''}{note}")


def _head(text: str) -> None:
    print(f"\n{text}", flush=True)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="memguard-demo-") as folder:
        yield Path(folder)
