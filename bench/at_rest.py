"""What can somebody read who has the files but not the keys?

    python -m bench.at_rest

Three owners' memories (the demo story, with metadata) are stored; then every file of the home is searched for every
word of at least seven letters that was stored, every owner's name and every metadata value, while the process is
running and after it closed. The same search in the plain story is the positive control. Then one owner is destroyed by
key, and a backup from before is opened with the keyring that is left.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from bench.common import fresh_memory, parser, report
from memguard import HomeError, KeyringError, Memory, UnknownOwner
from memguard.demo.story import STORY

OWNERS = ("ottilie.varnham@example.org", "team:millrace-bakehouse", "idris-pennycott")
METADATA = {"project": "millrace-preorders", "sensitivity": "household-private"}


def main() -> None:
    parser(__doc__).parse_args()
    rows: list[dict[str, Any]] = []
    with fresh_memory() as memory:
        for owner in OWNERS:
            memory.import_(STORY, user_id=owner, metadata=METADATA)
        base = memory.home.path.parent
        needles = sorted({w.encode() for w in re.findall(r"[A-Za-z]{7,}", STORY.read_text())})
        needles += [text.encode() for text in (*OWNERS, *METADATA, *METADATA.values())]
        rows.append(scanned("home, while open", memory.home.path, needles))
        memory.backup(base / "before.tar")
        memory.close()
        copy = base / "stolen"
        shutil.copytree(memory.home.path, copy)
        rows.append(scanned("home, copied", copy, needles))
        rows.append(scanned("backup", base / "before.tar", needles))
        rows.append(scanned("control: the plain story", STORY, needles))
        rows.append({"what": "copy opens without the keyring", "found": opens(copy, base / "other-keys")})
        rows.append({"what": "keyring lies under the home", "found": any(copy.rglob("keyring*"))})
        rows += after_destruction(memory, base)
    report("at_rest", rows)


def scanned(what: str, place: Path, needles: list[bytes]) -> dict[str, Any]:
    files = [p for p in place.rglob("*") if p.is_file()] if place.is_dir() else [place]
    data = [path.read_bytes() for path in files]
    names = "/".join(str(path.relative_to(place.parent)) for path in files).encode()
    found = sum(any(needle in blob for blob in data) or (needle in names and place != STORY) for needle in needles)
    return {"what": what, "files": len(files), "bytes": sum(map(len, data)), "searched": len(needles), "found": found}


def opens(home: Path, keys: Path) -> bool:
    try:
        with Memory(home, keys=keys) as memory:
            return bool(memory.users())
    except (KeyringError, HomeError):
        return False


def after_destruction(memory: Memory, base: Path) -> list[dict[str, Any]]:
    """An old backup and the keyring of after: the destroyed owner's part opens no more, the others' do."""
    before = {owner: len(memory.get_all(user_id=owner, limit=1000)) for owner in OWNERS}
    memory.delete_all(user_id=OWNERS[0])
    restored = memory.restore_backup(base / "before.tar")
    whole = sum(len(memory.get_all(user_id=owner, limit=1000)) == before[owner] for owner in OWNERS[1:])
    try:
        gone = len(memory.get_all(user_id=OWNERS[0]))
    except UnknownOwner:
        gone = 0
    return [
        {"what": "destroyed owner's memories after restoring the old backup", "found": gone},
        {"what": "vaults in it that no key opens", "found": len(restored.unopenable)},
        {"what": f"other owners whole again (of {len(OWNERS) - 1})", "found": whole},
    ]


if __name__ == "__main__":
    main()
