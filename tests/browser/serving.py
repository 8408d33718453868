"""The whole door on a port of its own: `portal serve` in a process, on an installation that nobody has used."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import TypeVar
from urllib.request import urlopen

from click.testing import CliRunner
from werkzeug.security import generate_password_hash

from portal.cli import main as commands
from portal.clock import SEOUL
from portal.demo.members import SAMPLE_ACCOUNTS, SampleAccount, SampleMembers
from portal.policy.loading import shipped

ROOT = Path(__file__).parents[2]
PORTAL = Path(sys.executable).with_name("portal")
PATIENCE_S = 60  # a deadline, for machines that do something else as well
PASSWORD = "only-a-sample"
_LISTENING = re.compile(r"Listening at: (http://127\.0\.0\.1:\d+)")
T = TypeVar("T")


def wait_for(found: Callable[[], T | None], what: str) -> T:
    """Return the first thing that `found` finds. Raises TimeoutError, naming `what`, after PATIENCE_S seconds."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if thing := found():
            return thing
        time.sleep(0.05)
    raise TimeoutError(f"{what}: not within {PATIENCE_S} s")


class Installation:
    """One served installation: where it answers, what its stores hold, and its shell."""

    def __init__(self, folder: Path, environ: dict[str, str] | None = None) -> None:
        self.instance = folder / "instance"
        self.url = ""
        self.letters: Callable[[], list[EmailMessage]] = self._laid_letters
        self._policies = folder / "policies"
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
        self._environ.pop("MATECOST_APP", None)
        self._environ |= {"PORTAL_INSTANCE": str(self.instance), **(environ or {})}
        self._published = shipped()[-1]
        self._hash = generate_password_hash(PASSWORD, method="pbkdf2:sha256:1000")
        self._members = 0

    def order(self, *words: str | Path, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run `portal` with these words, as an operator would."""
        return subprocess.run(
            [PORTAL, *words],
            cwd=ROOT,
            env=environ or self._environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    def order_here(self, *words: str | Path) -> None:
        """The same from within this process, where nothing but what it does matters: another takes seconds to start."""
        done = CliRunner(env=self._environ).invoke(commands, [str(word) for word in words])
        assert done.exit_code == 0, done.output

    def new_member(self) -> SampleAccount:
        """Return a sample member whom the portal has never met."""
        self._members += 1
        number = self._members
        company, business_number = SAMPLE_ACCOUNTS[0].company, SAMPLE_ACCOUNTS[0].business_number
        contact = f"010-0001-{number:04}"
        account = SampleAccount(
            f"sample-{number}", company, business_number, f"harin-{number}@gaon.example", contact, PASSWORD
        )
        with closing(sqlite3.connect(self.instance / "sample-matecost.db", timeout=10)) as store, store:
            SampleMembers.add(store, account, self._hash)
        return account

    def registers(self, *accounts: SampleAccount) -> None:
        """Let an operator tell the portal what the service knows of members."""
        listed = self.instance.parent / "members.csv"
        values = [",".join((one.id, one.mail, one.company, one.business_number)) for one in accounts]
        listed.write_text("\n".join(["회원번호,이메일,회사명,사업자등록번호", *values, ""]), "utf-8")
        self.order_here("members", "import", listed, "--yes")

    def link_to(self, email: str, path: str) -> str | None:
        """Return the link under `path` in the newest letter to this address that has one."""
        for letter in reversed(self.letters()):
            found = re.search(rf"http://[^/\s]+({re.escape(path)}\S+)", letter.get_content())
            if letter["To"] == email and found:
                return found[1]
        return None

    def _laid_letters(self) -> list[EmailMessage]:
        files = sorted((self.instance / "mail").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        return [message_from_bytes(file.read_bytes(), policy=default) for file in files]

    def decisions(self, account: SampleAccount) -> list[tuple[str, str]]:
        """Return (item, decision) of everything that a member decided, oldest first."""
        with closing(sqlite3.connect(f"file:{self.instance}/portal.db?mode=ro", uri=True, timeout=10)) as store:
            return store.execute(
                "SELECT item, decision FROM consent_events JOIN members ON member_ref = ref "
                "WHERE host_id = ? ORDER BY consent_events.id",
                (account.id,),
            ).fetchall()

    def publish(self, version: str, edits: dict[str, str], *, toml: str = "") -> None:
        """Publish the newest policy again as `version` with words exchanged and `toml` added, and wait until it is in
        force."""
        new = self._written(version, edits, toml)
        for ahead_s in (6, 20, 50):  # a version may not begin in the past, and a busy machine is slow to start
            starts = datetime.now(SEOUL) + timedelta(seconds=ahead_s)
            done = self.order(
                "policy", "publish", new, "--effective-at", starts.isoformat(timespec="seconds"), "--reason", "시험"
            )
            if done.returncode == 0:
                break
        assert done.returncode == 0, done.stderr
        self._published = new
        wait_for(lambda: datetime.now(SEOUL) > starts or None, "the effective time")

    def announce(self, version: str) -> None:
        """Publish the newest policy again for a day far ahead, unless it is."""
        done = self.order("policy", "publish", self._written(version, {}, ""))
        assert done.returncode == 0, done.stderr

    def _written(self, version: str, edits: dict[str, str], toml: str) -> Path:
        old = self._published
        words = old.read_text()
        for before, after in {old.stem: version, **edits}.items():
            assert before in words, before
            words = words.replace(before, after)
        self._policies.mkdir(exist_ok=True)
        new = self._policies / f"{version}.toml"
        new.write_text(words + toml)
        texts = new.with_suffix("")
        for text in sorted(old.with_suffix("").rglob("*.*")):
            copy = texts / text.relative_to(old.with_suffix(""))
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(text.read_bytes())
        return new

    @contextmanager
    def served(self) -> Iterator[None]:
        """Serve at a port of the system's choice for the length of the block."""
        log = self.instance.parent / "serve.log"
        with log.open("ab") as file:
            server = subprocess.Popen(
                [PORTAL, "serve", "--bind", "127.0.0.1:0"],
                cwd=ROOT,
                env=self._environ,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        try:

            def address() -> str | None:
                assert server.poll() is None, log.read_text()
                found = _LISTENING.search(log.read_text())
                return found[1] if found else None

            self.url = wait_for(address, "portal serve")
            with urlopen(f"{self.url}/healthz", timeout=PATIENCE_S) as answer:
                assert answer.read() == b"ok\n"
            yield
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def new_installation(folder: Path, environ: dict[str, str] | None = None) -> Installation:
    """Return an installation with its stores made and the shipped policy in force; `environ` adds settings."""
    installation = Installation(folder, environ)
    made = installation.order("store", "upgrade")
    assert made.returncode == 0, made.stderr
    SampleMembers(installation.instance / "sample-matecost.db")
    return installation
