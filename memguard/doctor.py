"""`memguard doctor`: what is wrong, and what to do about it. Each check is one function that returns one finding."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import shutil
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from memguard.errors import MemguardError
from memguard.forgetting import audit
from memguard.memory import Memory
from memguard.outcomes import counted
from memguard.privacy import tagger
from memguard.retrieval import model
from memguard.vault import copies, kit, rows
from memguard.vault.files import filesystem_of
from memguard.vault.masters import ENVIRONMENT_KEY

FREE_BYTES_MIN = 256 << 20
SYNC_FOLDERS = (
    "dropbox",
    "onedrive",
    "google drive",
    "googledrive",
    "icloud",
    "mobile documents",
    "nextcloud",
    "syncthing",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    says: str


def examine(opened: Callable[[], Memory]) -> list[Finding]:
    """Every check, in the order in which things depend on each other."""
    try:
        memory = opened()
        memory.users()
    except MemguardError as error:
        return [Finding("home", ok=False, says=str(error)), _weights(), _torch()]
    of_home = (_folder, _space, _keyring, _recovery, _modes, _strays)
    of_models = (_copies, _audit, _detector, _unscreened, _export)
    return [
        *(check(memory) for check in of_home), *_vaults(memory), *(check(memory) for check in of_models), _weights(),
        _torch(),
    ]  # fmt: skip


def _folder(memory: Memory) -> Finding:
    home = memory.home.path
    synced = next((part for part in home.absolute().parts if part.lower().startswith(SYNC_FOLDERS)), None)
    if synced:
        return Finding(
            "home", ok=False, says="lies in a folder that is synced: SQLite's log breaks there, move the home"
        )
    if not memory.users():
        return Finding("home", ok=True, says=f"{home}: no vault yet")
    kind = filesystem_of(home) or "unknown file system"
    return Finding("home", ok=True, says=f"{home} ({kind}), {len(memory.users())} vault(s)")


def _space(memory: Memory) -> Finding:
    existing = next(p for p in [memory.home.path.absolute(), *memory.home.path.absolute().parents] if p.exists())
    free = shutil.disk_usage(existing).free
    return Finding("disk", ok=free >= FREE_BYTES_MIN, says=f"{free >> 20} MiB free, {FREE_BYTES_MIN >> 20} wanted")


def _keyring(memory: Memory) -> Finding:
    contents = memory.home.contents()
    if not contents.source:
        return Finding("keyring", ok=True, says="made at the first write")
    note = f"; {ENVIRONMENT_KEY} is held by whoever runs this" if contents.source == "environment" else ""
    where = f"master {contents.generation} in '{contents.source}'{note}"
    return Finding("keyring", ok=True, says=f"{memory.home.keyring.folder}, {where}")


def _recovery(memory: Memory) -> Finding:
    contents = memory.home.contents()
    if not contents.vaults:
        return Finding("recovery kit", ok=True, says="nothing to recover yet")
    if not contents.kit_sequence:
        says = "none was made: without the keyring no vault opens, `memguard keys export` makes one"
        return Finding("recovery kit", ok=True, says=says)
    if kit.stale(memory.home):
        says = "older than the keyring's last change: make a new one (`memguard keys export`), throw the old one away"
        return Finding("recovery kit", ok=False, says=says)
    return Finding("recovery kit", ok=True, says="holds every key")


def _modes(memory: Memory) -> Finding:
    """Nobody else on this machine may read the home or the keys."""
    folders = [memory.home.path] + ([memory.home.keyring.folder] if memory.home.contents().source else [])
    found = [path for folder in folders if folder.exists() for path in [folder, *folder.rglob("*")]]
    open_to_others = [path for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_to_others:
        says = f"{len(open_to_others)} file(s) or folder(s) are open to others: chmod -R go= on the home and the keys"
        return Finding("modes", ok=False, says=says)
    return Finding("modes", ok=True, says="readable by their user only")


def _strays(memory: Memory) -> Finding:
    strays = memory.home.strays()
    if strays:
        says = f"{len(strays)} folder(s) under vaults/ that the keyring does not know: {', '.join(strays[:3])}"
        return Finding("strays", ok=False, says=f"{says}; an older keyring, or leftovers to be removed by hand")
    return Finding("strays", ok=True, says="every vault has its key")


def _vaults(memory: Memory) -> Iterator[Finding]:
    """Open every vault; owners are counted, never named."""
    bad = []
    for owner in memory.users():
        vault = memory.home.vault(owner)
        try:
            with vault.reading() as session:
                if session.one("PRAGMA quick_check(1)") != "ok":
                    bad.append(f"{vault.id}: damaged, bring it back from a backup")
        except MemguardError as error:
            bad.append(f"{vault.id}: {error}")
    yield from (Finding("vault", ok=False, says=says) for says in bad)
    if not bad:
        yield Finding("vaults", ok=True, says="all open and whole")


def _detector(memory: Memory) -> Finding:
    """What looks for personal data; a folder's model was checked when the memory was opened."""
    chosen = memory.settings.detector
    if chosen == "patterns":
        return Finding("detector", ok=True, says="rules alone: of names, only actors' are masked")
    if chosen:
        return Finding("detector", ok=True, says=f"the model in {chosen}, behind rules and secrets")
    try:
        tagger.verify()
    except MemguardError as error:
        return Finding("detector", ok=False, says=str(error))
    return Finding("detector", ok=True, says=f"rules and {tagger.MODEL}, weights as pinned")


def _unscreened(memory: Memory) -> Finding:
    """Memories from before there were detectors. A vault that does not open is another finding's."""
    count = 0
    for owner in memory.users():
        with contextlib.suppress(MemguardError), memory.home.vault(owner).reading() as session:
            count += len(rows.unscreened(session))
    if count:
        says = f"{count} memories that no detector has looked at: `memguard pii migrate --user OWNER` masks them"
        return Finding("screening", ok=False, says=says)
    return Finding("screening", ok=True, says="a detector has looked at every memory")


def _copies(memory: Memory) -> Finding:
    """What memguard wrote outside the home. A vault that does not open says so above."""
    rows: dict[str, copies.Row] = {}
    for owner in memory.users():
        vault = memory.home.vault(owner)
        with contextlib.suppress(MemguardError), vault.reading() as session:
            rows |= {row.place: row for row in copies.listed(session, vault.seals)}
    counts = Counter(row.kind for row in rows.values())
    there = sum(copies.state_of(row) == "there" for row in rows.values())
    half = sum(row.state == copies.WRITING for row in rows.values())
    says = f"{counts['backup']} backup(s) and {counts['export']} export(s) registered, {there} still there"
    if half:
        says += f"; {half} half-written: a backup or an export runs now, or was killed and is to be made again"
    return Finding("copies", ok=not half, says=says)


def _audit(memory: Memory) -> Finding:
    """The log of certificates. What it holds, `memguard audit` shows."""
    if memory.home.id is None:
        return Finding("audit", ok=True, says="no certificate was issued yet")
    chain = audit.examine(memory.home)
    if chain.broken_at is not None:
        return Finding(
            "audit", ok=False, says=f"the log of certificates is broken at entry {chain.broken_at}: {chain.why}"
        )
    return Finding("audit", ok=True, says=f"{counted(chain.entries, 'certificate')} issued, the log is whole")


def _weights() -> Finding:
    try:
        model.verify(model.packaged())
    except MemguardError as error:
        return Finding("model", ok=False, says=str(error))
    return Finding("model", ok=True, says=f"{model.NAME}, weights as pinned")


def _export(memory: Memory) -> Finding:
    try:
        record = model.recorded(memory.settings.cache)
        if record is None:
            return Finding("export", ok=True, says="not made yet: the first use takes some seconds longer")
        record.verify()
    except MemguardError as error:
        return Finding("export", ok=False, says=str(error))
    return Finding("export", ok=True, says="as it was checked against its reference")


def _torch() -> Finding:
    """A torch with CUDA is gigabytes that memguard does not use for its daily work."""
    installed = importlib.metadata.version("torch")
    spec = importlib.util.find_spec("torch")
    site = Path(spec.origin).parents[1] if spec and spec.origin else Path()
    if any(site.glob("nvidia/cu*")) or any(site.glob("nvidia_cu*")):
        says = f"torch {installed} came with CUDA libraries (gigabytes). The CPU build is enough: see README, Install"
        return Finding("torch", ok=True, says=says)
    return Finding("torch", ok=True, says=f"torch {installed}, without CUDA libraries")
