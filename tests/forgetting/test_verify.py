"""`Memory.verify` and `memguard verify`: what a certificate is worth here and now, and how it is said."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from memguard import Certificate, CertificateError, Check, InvalidInput, KeyringError, Memory, VerificationReport
from memguard.flows.verify import Look, read_certificate, verify
from memguard.forgetting.audit import AUDIT_LOG, certify, home_key
from memguard.forgetting.certificate import public_key_of
from memguard.vault.home import Home
from tests.commands import Command
from tests.conftest import Places
from tests.forgetting.certificates import OWNER, SCOPE, issued, statement
from tests.vault.parts import files_of

TEXT = "The wombat sleeps behind the observatory"


def a_home_with_a_certificate(places: Places, **changes: object) -> Certificate:
    with places.open() as memory:
        memory.add(TEXT, user_id=OWNER)
        return certify(memory.home, statement(**changes), owner=OWNER, scope=SCOPE)


@pytest.fixture
def certificate(home: Places) -> Certificate:
    """One that the home of this test issued."""
    return a_home_with_a_certificate(home)


@pytest.fixture
def file(certificate: Certificate, tmp_path: Path) -> Path:
    """The same, as its holder keeps it."""
    path = tmp_path / "certificate.json"
    path.write_bytes(certificate.to_bytes())
    return path


@pytest.fixture
def elsewhere(tmp_path: Path, home: Places) -> Places:
    """Folders of a stranger, without a home so far."""
    return Places(tmp_path / "elsewhere" / "home", tmp_path / "elsewhere" / "keys", home.cache)


def files(home: Home) -> Sequence[Check]:
    """A true look at a home, if a small one: every file of it, for the words that were once in it."""
    found = [path for path, data in files_of(home.path).items() if b"wombat" in data]
    return [Check("files of the home", len(files_of(home.path)), {"file with a word": len(found)} if found else {})]


def verified(
    memory: Memory, held: Certificate | str | Path, look: Look | None, public: str | None = None
) -> VerificationReport:
    """What is known of a certificate where this is what looking again sees."""
    certificate = held if isinstance(held, Certificate) else read_certificate(Path(held))
    return verify(memory.home, certificate, None if public is None else public_key_of(public), look)


def test_a_sound_one_is_signed_logged_and_looked_at_again(certificate: Certificate, file: Path, home: Places) -> None:
    with home.open() as memory:
        for held in (certificate, certificate.without_salt(), file, str(file)):
            report = verified(memory, held, files)
            assert (report.verdict, report.key, report.home_known) == ("sound", "home", True)
            assert report.chain is not None
            assert (report.chain.entry, report.chain.entries) == (1, 1)
            assert report.checks is not None
            assert report.checks[0].looked_at > 2
            assert (report.certificate, report.state) == (certificate.id, "complete")


def test_what_is_found_when_looking_again_is_refused(certificate: Certificate, home: Places) -> None:
    (home.home / "left behind").write_text(TEXT)
    with home.open() as memory:
        report = verified(memory, certificate, files)
    assert report.verdict == "refused"
    assert report.checks is not None
    assert report.checks[0].found == {"file with a word": 1}


def test_a_look_that_sees_nothing_of_what_was_planted_is_refused(certificate: Certificate, home: Places) -> None:
    with home.open() as memory:
        report = verified(memory, certificate, lambda _: [Check("pages", 7, planted=3, planted_found=2)])
    assert report.verdict == "refused"


@pytest.mark.parametrize("look", [None, lambda _: []], ids=["no look", "a look at nothing"])
def test_without_a_look_it_is_signed_and_no_more(certificate: Certificate, home: Places, look: object) -> None:
    with home.open() as memory:
        assert verified(memory, certificate, look).verdict == "signed"  # type: ignore[arg-type]  # None or a lambda


def test_verifying_changes_no_file(certificate: Certificate, home: Places) -> None:
    before = files_of(home.home, home.keys)
    with home.open() as memory:
        verified(memory, certificate, files)
    assert files_of(home.home, home.keys) == before


def test_a_stranger_needs_the_key_of_the_home(certificate: Certificate, home: Places, elsewhere: Places) -> None:
    with home.open() as memory:
        public = home_key(memory.home).hex()
    looked: list[Home] = []
    with elsewhere.open() as stranger:
        with pytest.raises(CertificateError, match="another home: give the public key"):
            stranger.verify(certificate)
        # None, so that the list is given.
        report = verified(stranger, certificate, lambda home: looked.append(home) or [], public)  # type: ignore[func-returns-value]  # it is to
        assert (report.verdict, report.key, report.home_known) == ("signed", "given", False)
        assert (report.chain, report.checks, looked) == (None, None, [])
        with pytest.raises(CertificateError, match="does not fit"):
            stranger.verify(certificate, public="00" * 32)
        with pytest.raises(InvalidInput, match="64 hexadecimal digits"):
            stranger.verify(certificate, public="")
    assert not elsewhere.home.exists()


def test_the_certificate_of_another_home_is_not_this_ones(certificate: Certificate, elsewhere: Places) -> None:
    theirs = a_home_with_a_certificate(elsewhere)
    with elsewhere.open() as memory:
        assert memory.verify(theirs).verdict == "sound"
        with pytest.raises(CertificateError, match="another home"):
            memory.verify(certificate)
        # A home cannot pass off another's certificate by putting its own id on it, nor its own by the other's id.
        with pytest.raises(CertificateError, match="does not fit"):
            memory.verify(replace(certificate, home=theirs.home))
        with pytest.raises(CertificateError, match="another home"):
            memory.verify(replace(theirs, home=certificate.home))


def test_one_that_this_home_never_logged_is_refused(certificate: Certificate, home: Places) -> None:
    """Whoever stole the key can sign; the log and the keyring's count of it say that it was not issued here."""
    from memguard.forgetting.certificate import issue

    with home.open() as memory:
        contents = memory.home.contents()
        forged = issue(
            statement(), seed=contents.signing_seed, home=certificate.home, owner=OWNER, scope={"run_id": "another"}
        )
        report = verified(memory, forged, files)
    assert report.verdict == "refused"
    assert report.chain is not None
    assert (report.chain.broken_at, report.chain.entry) == (None, None)


def test_a_log_that_was_tampered_with_is_refused(certificate: Certificate, home: Places) -> None:
    log = home.home / AUDIT_LOG
    log.write_bytes(log.read_bytes().replace(b'"hour":"2', b'"hour":"3'))
    with home.open() as memory:
        report = verified(memory, certificate, files)
    assert (report.verdict, report.chain and report.chain.broken_at) == ("refused", 1)


def test_a_log_that_holds_it_and_is_broken_later_on_is_refused(certificate: Certificate, home: Places) -> None:
    with (home.home / AUDIT_LOG).open("ab") as file:
        file.write(b"garbage")
    with home.open() as memory:
        report = verified(memory, certificate, files)
    assert report.verdict == "refused"
    assert report.chain is not None
    assert (report.chain.entry, report.chain.broken_at) == (1, 2)


def test_a_changed_certificate_is_refused_as_an_object_too(certificate: Certificate, home: Places) -> None:
    with home.open() as memory:
        for changed in (
            replace(certificate, reference="ticket 4712"),
            replace(certificate, not_checked=()),
            replace(certificate, salt=bytes(32)),
            replace(certificate, signature=b""),
            issued(),
        ):
            with pytest.raises(CertificateError):
                memory.verify(changed)


def test_a_home_that_lost_its_keyring_says_so(certificate: Certificate, home: Places) -> None:
    shutil.rmtree(home.keys)
    with home.open() as memory, pytest.raises(KeyringError, match="keys import"):
        memory.verify(certificate)


def test_a_home_that_lost_its_signing_key_asks_for_the_public_one(certificate: Certificate, home: Places) -> None:
    with home.open() as memory:
        public = home_key(memory.home).hex()
        with memory.home.keyring.changing() as contents:
            memory.home.keyring.save(replace(contents, signing_seed=b""))
        with pytest.raises(CertificateError, match="no key that signs"):
            memory.verify(certificate)
        report = verified(memory, certificate, files, public)
    assert (report.verdict, report.key, report.home_known) == ("sound", "given", True)


@pytest.mark.parametrize("what", ["missing", "a folder", "unreadable bytes", "endless"])
def test_a_file_that_is_none_gives_one_error(memory: Memory, tmp_path: Path, what: str) -> None:
    path = {"missing": tmp_path / "no", "a folder": tmp_path, "endless": Path("/dev/zero")}.get(what, tmp_path / "x")
    (tmp_path / "x").write_bytes(os.urandom(100))
    with pytest.raises(CertificateError) as raised:
        memory.verify(path)
    assert str(tmp_path) not in str(raised.value)


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_tells_a_person_what_it_is_worth(file: Path, home: Places) -> None:
    ran = Command(home).run("verify", file)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "CERTIFICATE OF ERASURE"
    where = lines.index("signature  fits the key of this home")
    assert lines[where + 1] == "log        whole, 1 entry; this is entry 1"
    assert {line[:4] for line in lines[where + 2 : -1]} == {"ok  "}
    assert lines[-1] == "SOUND: signed, logged, and nothing was found when looking again"
    report = Command(home).json("verify", file)
    assert (report["verdict"], report["chain"]["entry"]) == ("sound", 1)
    assert {check["what"].split()[0] for check in report["checks"]} >= {"pages", "words", "files"}


def test_the_command_with_a_key_needs_no_home(file: Path, home: Places, elsewhere: Places) -> None:
    public = Command(home).run("keys", "public").out.strip()
    assert Command(home).json("keys", "public") == {"public": public}
    stranger = Command(elsewhere)
    assert "another home" in stranger.refused("verify", file)
    ran = stranger.run("verify", file, "--public", public)
    assert (ran.code, ran.err) == (3, "")
    assert "log        not looked at: its home is not here" in ran.out
    assert "does not fit" in stranger.refused("verify", file, "--public", "11" * 32)
    assert not elsewhere.home.exists()


def test_the_command_refuses_what_was_altered_in_one_line(file: Path, home: Places) -> None:
    data = file.read_bytes()
    for spoiled, says in (
        (data.replace(b"4711", b"4712"), "does not fit"),
        (data.replace(b"\n", b"\r\n"), "altered"),
        (data[:-100], "not JSON"),
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b" " * (10 << 20), "at most"),
        (data.replace(b'"format": 1', b'"format": 2'), "format"),
    ):
        file.write_bytes(spoiled)
        assert says in Command(home).refused("verify", file)
        assert says in Command(home).refused("verify", file, "--json")
    file.unlink()
    assert "cannot be read" in Command(home).refused("verify", file)


def test_the_command_refuses_what_the_log_does_not_hold(file: Path, home: Places) -> None:
    (home.home / AUDIT_LOG).write_bytes(b"")
    with home.open() as memory:
        certify(memory.home, statement(), owner=OWNER, scope={})  # the keyring brings the first entry back
    assert Command(home).run("verify", file).code == 0
    (home.home / AUDIT_LOG).write_bytes(b"")
    ran = Command(home).run("verify", file)
    assert (ran.code, ran.err) == (1, "")
    assert "log        broken at entry 1: entries are missing at the end" in ran.out
    assert ran.out.splitlines()[-1].startswith("REFUSED")
    assert Command(home).json("verify", file, code=1)["verdict"] == "refused"


def test_the_public_key_is_all_that_the_command_tells(file: Path, home: Places) -> None:
    ran = Command(home).run("keys", "public")
    with home.open() as memory:
        seed = memory.home.contents().signing_seed
        assert ran.out.strip() == home_key(memory.home).hex() != seed.hex()
    assert seed.hex() not in ran.out + ran.err
    assert "no home here yet" in Command(home._replace(home=home.home / "no")).refused("keys", "public")


def test_the_file_is_what_the_certificate_says_and_no_more(file: Path, certificate: Certificate) -> None:
    assert json.loads(file.read_bytes()).keys() == {"signed", "signature", "salt"}
    assert json.loads(certificate.without_salt().to_bytes()).keys() == {"signed", "signature"}
