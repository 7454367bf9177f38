"""Lines 3 and 7 of `bench.forgetting`: what a copy from before is worth, and what a certificate is worth."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bench.corpus import texts
from bench.forgetting_scan import marks_in
from bench.forgetting_vault import OWNER, opened, row, template
from memguard import CertificateError, KeyringError, MemguardError, Memory
from memguard.forgetting.audit import AUDIT_LOG
from memguard.forgetting.pages import PAGE, SALT, Codec
from memguard.forgetting.rendering import page as rendered
from memguard.vault.keyfile import opened as opened_keyring
from memguard.vault.keyfile import parsed_header

OWNERS = ("ottilie.varnham@example.org", "team:millrace-bakehouse", "idris-pennycott")
MEMORIES = 40
KEY_BYTES = 32
CHANGED = 1000


def copies() -> list[dict[str, Any]]:
    """Rows of line 3: a home, a keyring and a backup, all copied before one of three owners is forgotten."""
    with tempfile.TemporaryDirectory(prefix="memguard-bench-") as name, opened(Path(name)) as memory:
        folder = Path(name)
        for owner in OWNERS:
            memory.add_many([{"text": text} for text in texts(MEMORIES)], user_id=owner)
        firsts = {owner: memory.home.vault(owner).path.relative_to(memory.home.path) for owner in OWNERS}
        stored = {owner: memory.get_all(user_id=owner) for owner in OWNERS}
        memory.backup(folder / "before.tar")
        memory.close()  # with an empty log, so that the copy is whole
        stolen = folder / "stolen"
        shutil.copytree(folder / "home", stolen)
        keyring = next((folder / "keys").rglob("keyring")).read_bytes()
        before = _opening(stolen / firsts[OWNERS[0]], _held(memory, folder))
        opened_before = _opens_keyring(keyring, folder)
        memory.forget(user_id=OWNERS[0])
        held = _held(memory, folder)
        after = [_opening(stolen / first, held) for first in firsts.values()]
        opened_after = _opens_keyring(keyring, folder)
        for owner in OWNERS[1:]:
            memory.delete(stored[owner][0].id, user_id=owner)
        restored = memory.restore_backup(folder / "before.tar")
        whole = sum(memory.get_all(user_id=owner) == stored[owner] for owner in OWNERS[1:])
        answered = _answered(stolen, folder / "keys")
    return [
        row(3, f"copy's vault opened, of {len(held)} keys tried", after[0], 0, after[0] == 0),
        row(3, "the same before: control", before, 1, before == 1),
        row(3, "other owners' vaults of the copy opened: control", sum(map(bool, after[1:])), 2, all(after[1:])),
        row(3, "keyring of before opened with what is there", opened_after, 0, not opened_after),
        row(3, "the same before: control", opened_before, 1, opened_before == 1),
        row(3, "memories of the forgotten owner that the copy answers", answered, 0, not answered),
        row(3, "other owners' backups restored whole, of 2", whole, 2, whole == 2 and restored.vaults == 2),
        row(3, "vaults in the backup that no key opens", len(restored.unopenable), 1, len(restored.unopenable) == 1),
    ]


def _held(memory: Memory, folder: Path) -> set[bytes]:
    """Every key of the keyring, and whatever else of a key's length stands in the keys folder."""
    contents = memory.home.contents()
    files = [path.read_bytes() for path in (folder / "keys").rglob("*") if path.is_file()]
    windows = {data[at : at + KEY_BYTES] for data in files for at in range(len(data) - KEY_BYTES + 1)}
    return windows | {entry.key for entry in contents.vaults.values()} | {contents.signing_seed} - {b""}


def _opening(path: Path, keys: Iterable[bytes]) -> int:
    """How many keys open a vault: the first page's HMAC tells."""
    raw = np.frombuffer(path.read_bytes()[:PAGE], np.uint8).reshape(1, PAGE)
    return sum(bool(Codec(key, raw.tobytes()[:SALT]).opened([1], raw).authentic[0]) for key in keys)


def _opens_keyring(data: bytes, folder: Path) -> int:
    """How many masters of the keys folder open a keyring."""
    header, _, body = data.partition(b"\n")
    found = 0
    for master in (folder / "keys").rglob("master-*"):
        try:
            opened_keyring(header, body, master.read_bytes(), parsed_header(header))
            found += 1
        except KeyringError:
            continue
    return found


def _answered(home: Path, keys: Path) -> int:
    try:
        with Memory(home, keys=keys) as memory:
            return len(memory.get_all(user_id=OWNERS[0]))
    except MemguardError:
        return 0


def certificates(changes: int = CHANGED) -> list[dict[str, Any]]:
    """Rows of line 7: certificates of a run and of a vault, changed byte by byte, and searched for whose they are."""
    with tempfile.TemporaryDirectory(prefix="memguard-bench-") as name:
        folder, draw = Path(name), random.Random(7)
        planted = template(folder)
        run = next(iter(planted.runs))
        with opened(folder) as memory:
            plan = memory.plan_forget(user_id=OWNER, run_id=run)
            issued = [memory.forget(plan, reference="ticket 12"), memory.forget(user_id=OWNER)]
            whole = [_accepted(memory, folder, certificate.to_bytes()) for certificate in issued]
            data = issued[0].to_bytes()
            accepted = sum(_accepted(memory, folder, _changed(data, draw)) for _ in range(changes))
        files = b"\n".join([*(c.to_bytes() for c in issued), *(rendered(c).encode() for c in issued)])
        files += (folder / "home" / AUDIT_LOG).read_bytes()
    names = (OWNER, run, "Ottilie", str(folder), folder.name, "project-", "trip", "It was about")
    marks = {trace.mark for trace in planted.traces}
    found = sum(text.encode() in files for text in names) + len(marks & marks_in(files))
    document = str(plan.to_json()).encode()
    control = [OWNER.encode() in document, run.encode() in document, bool(marks & marks_in(document))]
    return [
        row(7, f"changed certificates accepted, of {changes}", accepted, 0, not accepted),
        row(7, "unchanged ones accepted: control", sum(whole), 2, sum(whole) == 2),
        row(7, f"personal data, of {len(names) + len(marks)} looked for", found, 0, not found),
        row(7, "the same in the plan: control", sum(control), 3, all(control)),
    ]


def _changed(data: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ draw.randrange(1, 256)]) + data[at + 1 :]


def _accepted(memory: Memory, folder: Path, data: bytes) -> bool:
    path = folder / "certificate.json"
    path.write_bytes(data)
    try:
        return memory.verify(path, look_again=False).verdict != "refused"
    except CertificateError:
        return False
