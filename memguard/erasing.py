"""`memguard forget`: plan, show, ask, erase, keep the certificate; `sweep`: what expired; `hold`: what is to stay."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memguard.console import Context, common_options, json_object, moment_of
from memguard.errors import InvalidInput
from memguard.outcomes import counted

if TYPE_CHECKING:
    from memguard.forgetting.certificate import Certificate
    from memguard.forgetting.plan import Plan

EXIT_CODES = {"complete": 0, "pending": 3, "incomplete": 3}


@click.command()
@click.option("--memory", "ids", multiple=True, metavar="ID", help="A memory; can be given several times.")
@click.option("--run", "run_id", help="All of a run or session.")
@click.option("--environment", "--project", "environment", help="All of a project or kind of task.")
@click.option("--author", help="All that an author wrote.")
@click.option("--since", metavar="TIME", help="From this time on, ISO 8601 with an offset.")
@click.option("--until", metavar="TIME", help="Before this time.")
@click.option("--filter", "filters", metavar="JSON", help="Metadata filter, as for search.")
@click.option("--request", metavar="WORDS", help="What holds all of these words, in any form; names by any part.")
@click.option("--everything", is_flag=True, help="Needed where a scope takes every memory of the owner.")
@click.option("--exports", is_flag=True, help="Remove the export files that memguard wrote, too.")
@click.option("--dry-run", is_flag=True, help="Show the plan, change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--plan", "plan_file", type=click.Path(path_type=Path), help="Carry out a plan that --dry-run --json wrote."
)
@click.option("--certificate", "file", type=click.Path(path_type=Path), help="Write the certificate to this file.")
@click.option("--reference", default="", help="Your own reference, for the certificate: a ticket, a letter.")
@click.option("--resume", is_flag=True, help="Finish what was interrupted, or could not be verified at the time.")
@common_options
def forget(
    context: Context,
    everything: bool,
    exports: bool,
    dry_run: bool,
    yes: bool,
    plan_file: Path | None,
    file: Path | None,
    reference: str,
    resume: bool,
    **scope: Any,
) -> None:
    """Erase memories for good, and say in a certificate what is left. With --user alone: the owner's whole vault."""
    from memguard.forgetting.plan import printable

    if file is not None and (file.is_dir() or not os.access(file.absolute().parent, os.W_OK)):
        raise InvalidInput("the certificate cannot be written there: nothing was erased")
    if resume:
        if plan_file is not None or any(scope.values()):
            raise InvalidInput("--resume finishes whatever is waiting: give neither a scope nor a plan beside it")
        _show(context, context.memory.resume(), file)
        return
    plan = _plan(context, plan_file, scope)
    if dry_run:
        context.show(plan.to_json(), plan.readable().splitlines())
        return
    if not yes:
        _ask(plan, is_kept=file is not None or context.as_json)
    certificate = context.memory.forget(plan, reference=reference, everything=everything, exports=exports)
    for path in filter(os.path.exists, plan.exports):  # the certificate names nothing, and a vault may be gone by now
        click.echo(f"an export lies at {printable(path)}", err=True)
    _show(context, [certificate], file)


@click.command()
@common_options
def sweep(context: Context) -> None:
    """Erase for good what has expired: of every owner, or of --user alone. For homes that no program uses by itself."""
    count = context.memory.sweep(user_id=context.named_user)
    context.show({"erased": count}, [f"erased {counted(count, 'expired memory', 'expired memories')}"])


@click.group()
def hold() -> None:
    """Legal holds: what is not to be erased until a hold is lifted."""


@hold.command("add")
@click.argument("reason")
@click.option("--memory", "ids", multiple=True, metavar="ID", help="This memory; can be given several times.")
@click.option("--run", "run_id", help="What this run holds now.")
@click.option("--environment", "--project", "environment", help="What this project holds now.")
@common_options
def hold_add(context: Context, reason: str, **scope: Any) -> None:
    """Keep memories from being erased; without a scope the whole vault, what will come to it too."""
    within = {name: value for name, value in scope.items() if value not in (None, ())}
    hold_id = context.memory.hold(user_id=context.user, reason=reason, **within)
    context.show({"hold": hold_id}, [f"held: {hold_id}"])


@hold.command("list")
@common_options
def hold_list(context: Context) -> None:
    """Every legal hold with its reason."""
    holds = context.memory.holds(user_id=context.user)
    context.show(holds, [f"{hold_id}  {reason}" for hold_id, reason in holds.items()])


@hold.command("lift")
@click.argument("hold_id")
@common_options
def hold_lift(context: Context, hold_id: str) -> None:
    """End a legal hold."""
    context.memory.lift(hold_id, user_id=context.user)
    context.show({"lifted": hold_id}, [f"lifted {hold_id}"])


def _plan(context: Context, plan_file: Path | None, scope: dict[str, Any]) -> Plan:
    from memguard.forgetting.plan import Plan

    given = {name: value for name, value in scope.items() if value not in (None, ())}
    if plan_file is None:
        times = {name: moment_of(given[name]) for name in ("since", "until") if name in given}
        filters = {"filters": json_object(given["filters"])} if "filters" in given else {}
        within: dict[str, Any] = given | times | filters
        return context.memory.plan_forget(user_id=context.user, **within)
    if given:
        raise InvalidInput("a plan says itself what goes: give no scope beside it")
    try:
        return Plan.from_json(json.loads(plan_file.read_text()))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput("the plan cannot be read, or is no JSON") from None


def _ask(plan: Plan, *, is_kept: bool) -> None:
    """On a terminal only: whoever runs this from a program says --yes."""
    if not sys.stdin.isatty():
        raise InvalidInput("this erases for good: look at it with --dry-run, then say --yes")
    click.echo(plan.readable(), err=True)
    if not is_kept:
        click.echo("  The certificate will be shown, and not kept: say --certificate FILE to keep it.", err=True)
    if plan.kind == "vault":
        name = click.prompt("Type the owner's name to forget all of it", err=True)
        if name != plan.owner:
            raise InvalidInput("that is not the owner's name: nothing was erased")
    else:
        click.confirm("Erase it for good?", abort=True, err=True)


def _show(context: Context, certificates: Sequence[Certificate], file: Path | None) -> None:
    from memguard.forgetting.rendering import page
    from memguard.vault.files import write_whole

    documents = [json.loads(certificate.to_bytes()) for certificate in certificates]
    lines = [line for certificate in certificates for line in page(certificate).splitlines()]
    context.show(documents[0] if len(documents) == 1 else documents, lines or ["nothing was left to finish"])
    if file is not None:
        for number, certificate in enumerate(certificates):
            path = file if number == 0 else file.with_stem(f"{file.stem}-{number + 1}")
            write_whole(path, certificate.to_bytes(), "the certificate")
    code = max((EXIT_CODES[certificate.state] for certificate in certificates), default=0)
    if code:
        sys.exit(code)
