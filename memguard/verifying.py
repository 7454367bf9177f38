"""`memguard verify`, and `memguard keys public`: what a certificate is worth, and the key that tells."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memguard.console import Context, common_options, plain
from memguard.outcomes import counted

if TYPE_CHECKING:
    from memguard.outcomes import Chain, VerificationReport

EXIT_CODES = {"sound": 0, "refused": 1, "signed": 3}
VERDICTS = {
    "sound": "SOUND: signed, logged, and nothing was found when looking again",
    "refused": "REFUSED: the log does not hold it as it should, or something was found when looking again",
    "signed": "SIGNED: the signature is sound; what it says of the vault was not looked at again",
}
KEYS = {"home": "the key of this home", "given": "the key that was given"}


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--public", metavar="KEY", help="The home's public key, where the home is not here.")
@common_options
def verify(context: Context, file: Path, public: str | None) -> None:
    """Check a certificate: its signature, and that the home's log holds it."""
    from memguard.flows.verify import read_certificate
    from memguard.forgetting.rendering import page

    certificate = read_certificate(file)
    report = context.memory.verify(certificate, public=public)
    context.show(report, [*page(certificate).splitlines(), "", *_lines(report)])
    sys.exit(EXIT_CODES[report.verdict])


@click.command()
@common_options
def audit(context: Context) -> None:
    """Check the log of certificates that this home has issued, and show it. It names nobody and counts nothing."""
    from memguard.forgetting.audit import entries, examine

    home = context.memory.home
    chain, found = examine(home), entries(home)
    lines = [f"{e['hour']}  {e['certificate']}  memguard {e['memguard']}, schema {e['schema']}" for e in found]
    context.show({"chain": plain(chain), "entries": found}, [*lines, _chain_line(chain)])
    if chain.broken_at is not None:
        sys.exit(EXIT_CODES["refused"])


@click.command()
@common_options
def public(context: Context) -> None:
    """Print the key that checks this home's certificates: give it to whoever is to check one."""
    from memguard.forgetting.audit import home_key

    key = home_key(context.memory.home).hex()
    context.show({"public": key}, [key])


def _lines(report: VerificationReport) -> list[str]:
    lines = [f"signature  fits {KEYS[report.key]}"]
    if report.chain is None:
        lines.append("log        not looked at: its home is not here")
    else:
        where = f"; this is entry {report.chain.entry}" if report.chain.entry else "; this certificate is not in it"
        lines.append(f"log        {_chain_line(report.chain)}{where if report.chain.broken_at is None else ''}")
    for check in report.checks or ():
        lines.append(f"{'ok ' if check.passed else 'BAD'} {check.what}: {sum(check.found.values())} found")
    return [*lines, VERDICTS[report.verdict]]


def _chain_line(chain: Chain) -> str:
    if chain.broken_at is not None:
        return f"broken at entry {chain.broken_at}: {chain.why}"
    end = "" if chain.end_known else "; the keyring does not know its end, so entries may be cut off"
    return f"whole, {counted(chain.entries, 'entry', 'entries')}{end}"
