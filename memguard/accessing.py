"""`memguard access`: all that is held about an owner, for the person it is about."""

from __future__ import annotations

from pathlib import Path

import click

from memguard.console import Context, common_options
from memguard.outcomes import counted


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@common_options
def access(context: Context, path: Path) -> None:
    """Write everything that is held about --user to one readable JSON file, which explains its fields.

    Memories with all versions, where they came from, what placeholders stand for, events, holds and copies.
    """
    count = context.memory.access(user_id=context.user, path=path)
    done = f"wrote {counted(count, 'memory', 'memories')}, with all that is held beside"
    context.show({"memories": count}, [done])
