"""`memguard pii`: what is personal in a text, and a filter on each side of any model."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING

import click

from memguard.console import Context, Progress, common_options
from memguard.errors import InvalidInput
from memguard.outcomes import counted
from memguard.privacy.policy import GRANTS

if TYPE_CHECKING:
    from memguard.outcomes import Finding

SECRET_LEVEL = 4


@click.group()
def pii() -> None:
    """Personal data and secrets in a text: find them, mask them for a model, restore its answer."""


@pii.command()
@click.argument("file", type=click.File())
@common_options
def scan(context: Context, file: IO[str]) -> None:
    """Show what is personal or secret in FILE (- for standard input) and what would be done with it."""
    text = _read(file)
    found = context.memory.scan(text)
    context.show(found, [_line(text, finding) for finding in found] or ["nothing found"])


@pii.command()
@common_options
def mask(context: Context) -> None:
    """Filter: standard input with placeholders for what is personal. Says on stderr what cannot be restored."""
    masked = context.memory.mask(_read(sys.stdin), user_id=context.user)
    for type_, count in sorted(masked.dropped.items()):
        click.echo(f"{type_}: {count} not kept", err=True)
    if context.as_json:
        context.show(masked, [])
    else:
        sys.stdout.write(masked.text)


@pii.command()
@click.option("--grant", type=click.Choice(list(GRANTS)), default="owner", show_default=True, help="For whose eyes.")
@common_options
def restore(context: Context, grant: str) -> None:
    """Filter: standard input, a model's answer, with values in place of the placeholders that this vault knows."""
    restored = context.memory.restore(_read(sys.stdin), user_id=context.user, grant=grant)
    if context.as_json:
        context.show({"text": restored}, [])
    else:
        sys.stdout.write(restored)


@pii.command()
@click.argument("placeholder")
@common_options
def reveal(context: Context, placeholder: str) -> None:
    """Show what one PLACEHOLDER stands for; quote it, or leave its brackets out. That it was asked is recorded."""
    value = context.memory.reveal(placeholder, user_id=context.user)
    context.show({"value": value}, [value])


@pii.command()
@common_options
def reveals(context: Context) -> None:
    """List what was revealed, and when; never what it stands for."""
    found = context.memory.reveals(user_id=context.user)
    context.show(found, [f"{each.at.isoformat(timespec='seconds')}  {each.placeholder}" for each in found])


@pii.command()
@common_options
def migrate(context: Context) -> None:
    """Mask what was stored before there were detectors, or before a value was known. Can be stopped, and run again."""
    with Progress(show=not context.as_json) as progress:
        count = context.memory.mask_stored(user_id=context.user, progress=progress)
    context.show({"masked": count}, [f"looked at {counted(count, 'memory', 'memories')}"])


def _read(stream: IO[str]) -> str:
    try:
        return stream.read()
    except (OSError, UnicodeDecodeError):
        raise InvalidInput("the text cannot be read, or is not UTF-8") from None


def _line(text: str, finding: Finding) -> str:
    line = text.count("\n", 0, finding.start) + 1
    column = finding.start - text.rfind("\n", 0, finding.start)
    # A terminal keeps what it showed: secrets are not repeated there.
    value = "…" if finding.level == SECRET_LEVEL else " ".join(text[finding.start : finding.end].split())
    return f"{line}:{column}  level {finding.level}  {finding.type:18} {finding.action:12} {value}"
