"""memguard and three peers from the registries, side by side: does search find the turn, what does it cost, what stays?

    python -m bench.peers [--data ../shared/data] [--conversations 1] [--peers NAME ...] [--enriched]

Every peer gets the same texts ("speaker: turn" of LoCoMo dev conversations, nothing else) in its own environment
(`bench.peer_children.environments`), offline, without keys; how each is set up stands on top of its child. The model is
the packaged all-MiniLM-L6-v2 for all that have one, on one thread each: more of them wait for each other where other
work runs beside (an add of mem0 went from 26 to 435 ms), and memguard takes one by itself.

recall@10       mean share of a question's evidence turns among the ten first, each conversation by itself, in percent
search p50 ms   the peer's own call, warm
CPU ms          a search's mean, of all the peer's processes: what other work on the machine hardly changes
s / 100 adds    one memory a call, after the first
MB installed    its environment with its models, on disk; not Python, Node or the MCP client
first answer s  a fresh process: start, import, open the loaded store, first search; median of 3
canary          a unique word and a unique number stored among 30 turns and deleted through the peer's own delete: how
                often they stand in its files, byte for byte in any case, before that (the control) and after closing;
                a word left in an index counts like one in a whole sentence

Not measured: answers of a language model (none is used), peers' daemons and hosted services, other models, compressed
or encrypted copies of the canary (memguard's files are encrypted: its two zeros say that, not that the scan is keen).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean, median
from typing import Any

import psutil

from bench.common import ROOT, need, parser, report
from bench.conversations import Question, questions_of
from bench.peer_children.environments import PEERS, Peer, built, megabytes, python
from memguard.retrieval.question import terms

CANARY = ("zanthiquor", "7316042958")
CANARY_TEXT = "Caroline: our new dog is called {} and number {} is engraved on the collar"
FILLERS = 30
STARTS = 3
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
Files = Counter[str]
"""How often the canary stands in a file, by the file's name."""


class PeerFailed(Exception):
    """A peer did not do what was asked; the message is what it said last."""


class Child:
    """A peer in its own process, on one data folder."""

    def __init__(self, peer: Peer, environment: Path, folder: Path) -> None:
        self._log = (folder / "child.log").open("a+")
        own = {"HOME": folder, "TMPDIR": folder, "PEER_ENVIRONMENT": environment}
        own |= {"MEMGUARD_CACHE": environment / "models"}
        self._process = subprocess.Popen(
            [python(environment), "-m", f"bench.peer_children.{peer.child}", peer.argument],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
            env=os.environ | OFFLINE | ONE_THREAD | {name: str(path) for name, path in own.items()},
        )  # fmt: skip
        self.ask("open", folder=str(folder))

    def ask(self, do: str, **request: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **request}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PeerFailed(self._last_words()) from None
        line = self._process.stdout.readline()
        if not line:
            raise PeerFailed(self._last_words())
        return json.loads(line)

    def search(self, question: str) -> Any:
        return self.ask("search", question=question, words=terms(question))

    def cpu_seconds(self) -> float:
        """What it and the processes it started have used so far."""
        process = psutil.Process(self._process.pid)
        times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
        return float(sum(time.user + time.system for time in times))

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def close(self) -> None:
        """As its users would, and wait until the process has ended."""
        self.ask("close")
        self._process.wait(60)

    def _last_words(self) -> str:
        self._process.wait(60)
        self._log.seek(0)
        return (self._log.read().strip().splitlines() or ["nothing said"])[-1][:300]


@contextmanager
def running(peer: Peer, environment: Path, folder: Path) -> Iterator[Child]:
    child = Child(peer, environment, folder)
    try:
        yield child
    finally:
        child.end()


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--conversations", type=int, default=1)
    arguments.add_argument("--peers", nargs="*", metavar="NAME", help="only those whose names begin so")
    arguments.add_argument(
        "--enriched", action="store_true", help="superlocalmemory's whole pipeline too: 5 s a memory"
    )
    options = arguments.parse_args()
    records = json.loads(need(options.data / "locomo" / "dev.json").read_text())[: options.conversations]
    chosen = [p for p in PEERS if (options.enriched or not p.slow) and p.name.startswith(tuple(options.peers or [""]))]
    rows, remarks = [], {}
    for peer in chosen:
        before = os.getloadavg()[0]
        row, remark = measured(peer, records)
        rows.append(row)
        remarks[peer.name] = f"{remark}; {' '.join(peer.versions)}; load {before:.1f}".strip("; ")
        print(f"{peer.name}: {remarks[peer.name]}", flush=True)
    report(
        "peers", rows, data="LoCoMo dev", conversations=[r["sample_id"] for r in records],
        questions=sum(len(questions_of(r)) for r in records), remarks=remarks,
    )  # fmt: skip


def measured(peer: Peer, records: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], str]:
    """The peer's row, and what has to be said about it; for one that does not run, why."""
    row: dict[str, Any] = {"peer": peer.name, "over": peer.over}
    try:
        environment = built(peer)
        with tempfile.TemporaryDirectory(prefix="memguard-peers-") as place:
            found, remark = searched(peer, environment, Path(place), records)
            row |= found
            row["first answer s"] = first_answer(peer, environment, Path(place) / "0", questions_of(records[0])[0])
            before, left = canary(peer, environment, Path(place) / "canary", turns(records[0]))
            row |= {"canary before": before.total(), "canary left": left.total()}
            remark += "".join(f"; canary left in {name}: {count}" for name, count in left.items())
        return row | {"MB installed": round(megabytes(peer, environment))}, remark
    except (PeerFailed, subprocess.SubprocessError, OSError) as error:
        return row, "did not run: " + re.sub(r"/[^\s']*/", "", str(error))  # no path of this machine in a result


def searched(
    peer: Peer, environment: Path, place: Path, records: Sequence[dict[str, Any]]
) -> tuple[dict[str, Any], str]:
    """Load each conversation into its own store, and ask its questions."""
    shares, times, seconds, used, adds, remarks = [], [], 0.0, 0.0, 0, []
    for number, record in enumerate(records):
        folder = place / str(number)
        folder.mkdir()
        texts = turns(record)
        ids = {text: dia_id for dia_id, text in texts.items()}
        with running(peer, environment, folder) as child:
            loaded = child.ask("load", texts=list(ids))
            seconds, adds = seconds + loaded["seconds"], adds + loaded["adds"]
            remarks.append(loaded["remark"])
            used -= child.cpu_seconds()
            for question in questions_of(record):
                answer = child.search(question.text)
                times.append(answer["ms"])
                hits = {ids[text] for text in answer["texts"] if text in ids}
                shares.append(len(question.evidence & hits) / len(question.evidence))
            used += child.cpu_seconds()
            child.close()
    row = {
        "recall@10": round(100 * fmean(shares), 1),
        "search p50 ms": round(median(times), 1),
        "CPU ms": round(1000 * used / len(times), 1),
        "s / 100 adds": round(100 * seconds / adds, 2),
    }
    return row, ", ".join(filter(None, remarks))


def first_answer(peer: Peer, environment: Path, folder: Path, question: Question) -> float:
    """Seconds from a fresh process to its first answer on the loaded store."""
    taken = []
    for _ in range(STARTS):
        started = time.perf_counter()
        with running(peer, environment, folder) as child:
            child.search(question.text)
            taken.append(time.perf_counter() - started)
            child.close()
    return round(median(taken), 2)


def canary(peer: Peer, environment: Path, folder: Path, texts: dict[str, str]) -> tuple[Files, Files]:
    """How often the canary stands in each of the peer's files, stored and after it was deleted."""
    folder.mkdir()
    secret = CANARY_TEXT.format(*CANARY)
    fillers = list(texts.values())[:FILLERS]
    with running(peer, environment, folder) as child:
        child.ask("load", texts=[*fillers[: FILLERS // 2], secret, *fillers[FILLERS // 2 :]])
        before = occurrences(folder)
        child.ask("delete", text=secret)
        child.close()
    if not before and peer.child != "ours":
        raise PeerFailed("the control failed: the canary was not in its files before the delete")
    return before, occurrences(folder)


def occurrences(folder: Path) -> Files:
    """Of the two unique words, in all bytes of all files that the peer wrote."""
    found: Files = Counter()
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "child.log":
            blob = path.read_bytes().lower()
            found[str(path.relative_to(folder))] = sum(blob.count(word.encode()) for word in CANARY)
    return +found


def turns(record: dict[str, Any]) -> dict[str, str]:
    """The text of each turn, by its id."""
    sessions = [turns for turns in record["conversation"].values() if isinstance(turns, list)]
    return {turn["dia_id"]: f"{turn['speaker']}: {turn['text']}" for session in sessions for turn in session}


if __name__ == "__main__":
    main()
