"""The connected systems: who else holds data of the same people, declared in a TOML file, and what each of them is for.

A webhook is told by a signed call; of a system without one, a person brings dated evidence. Nothing is called that does
not stand here. Every fault is told at once.

    [[system]]
    key = "crm"
    name = { ko = "고객 관리", en = "CRM" }
    kind = "webhook"                          # or "person"
    purpose = "service"                       # of the policy
    url = "https://crm.cloudmate.example/privacy/destroy"
    secret_file = "crm.secret"                # beside this file, mode 0600; or secret_env = "CRM_SECRET"
    timeout_s = 10
    private = false                           # true: it stands in a private network
    enabled = true
"""

import os
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from portal.errors import ConfigurationError
from portal.policy.model import Fact, Key, Text
from portal.vault.secrets import openness

SECRET_PREFIX = "whsec_"  # as Standard Webhooks writes a shared secret  # noqa: S105
SECRET_BYTES = range(24, 65)


@dataclass(frozen=True)
class System:
    """One connected system. `evidence_days` is how long a person may take before somebody is called."""

    key: str
    name: Text
    kind: Literal["webhook", "person"]
    purpose: str
    url: str
    timeout_s: float
    private: bool
    enabled: bool
    evidence_days: int
    secret: bytes = field(repr=False)


class _System(Fact, frozen=True):
    key: Key
    name: Text
    kind: Literal["webhook", "person"]
    purpose: str
    url: str = ""
    secret_file: str = ""
    secret_env: str = ""
    timeout_s: Annotated[float, Meta(ge=0.1, le=60)] = 10.0
    private: bool = False
    enabled: bool = True
    evidence_days: Annotated[int, Meta(ge=1, le=30)] = 3


class _Written(Fact, frozen=True):
    system: tuple[_System, ...]


def read_systems(path: Path, environ: Mapping[str, str] = os.environ) -> tuple[System, ...]:
    """Return the systems in a file; whether the policy tells their purposes is asked where it can be read.

    Raises ConfigurationError with every fault of the file and of the secrets it names.
    """
    try:
        written = msgspec.toml.decode(path.read_bytes(), type=_Written)
    except OSError as error:
        raise ConfigurationError([f"PORTAL_CONNECTED: {path}: {error.strerror}"]) from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise ConfigurationError([f"PORTAL_CONNECTED: {path}: {error}"]) from error
    faults: list[str] = []
    keys = [system.key for system in written.system]
    faults += [f"{key} stands twice" for key in sorted(set(keys)) if keys.count(key) > 1]
    systems = []
    for system in written.system:
        own = _faults(system)
        secret = _secret(system, path.parent, environ, own) if system.kind == "webhook" else b""
        faults += [f"{system.key}: {fault}" for fault in own]
        systems.append(
            System(
                key=system.key,
                name=system.name,
                kind=system.kind,
                purpose=system.purpose,
                url=system.url,
                timeout_s=system.timeout_s,
                private=system.private,
                enabled=system.enabled,
                evidence_days=system.evidence_days,
                secret=secret,
            )
        )
    if faults:
        raise ConfigurationError([f"PORTAL_CONNECTED: {path}: {fault}" for fault in faults])
    return tuple(systems)


def is_loopback(host: str) -> bool:
    """Tell whether a host's name means this very machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _faults(system: _System) -> list[str]:
    faults: list[str] = []
    if system.kind == "person":
        told = {"url": system.url, "secret_file": system.secret_file, "secret_env": system.secret_env}
        return faults + [f"{name}: a person is not called; leave it out" for name, value in told.items() if value]
    try:
        parts = urlsplit(system.url)
        host, port = parts.hostname or "", parts.port or 1
    except ValueError:
        return [*faults, f"url: got {system.url!r}; expected https://host/path"]
    if parts.scheme not in ("https", "http") or not host or not port or parts.username is not None or parts.fragment:
        faults.append(f"url: got {system.url!r}; expected https://host/path")
    elif parts.scheme == "http" and not is_loopback(host):
        faults.append(f"url: got {system.url!r}; expected https, plain http is for this machine alone")
    return faults


def _secret(system: _System, folder: Path, environ: Mapping[str, str], faults: list[str]) -> bytes:
    if bool(system.secret_file) == bool(system.secret_env):
        faults.append("expected one of secret_file and secret_env")
        return b""
    if system.secret_env:
        where, text = system.secret_env, environ.get(system.secret_env, "")
    else:
        where, text = str(folder / system.secret_file), ""
        try:
            with (folder / system.secret_file).open("rb") as file:
                faults += openness(folder / system.secret_file, os.fstat(file.fileno()), 0o600)
                text = file.read().decode("ascii")
        except OSError as error:
            faults.append(f"{where}: {error.strerror}")
            return b""
        except UnicodeDecodeError:
            text = ""
    try:
        secret = b64decode(text.strip().removeprefix(SECRET_PREFIX), validate=True)
    except (NotBase64, ValueError):
        secret = b""
    if len(secret) not in SECRET_BYTES:
        faults.append(f"{where}: expected {SECRET_PREFIX} and 24 to 64 bytes in base64")
    return secret
