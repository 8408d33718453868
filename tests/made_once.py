"""What the portals of all tests have in common and is costly to make: made once for a process, not for every test.

Without this, most of a test would be spent on compiling the same addresses, templates and statements, and on waiting
for a disk that nobody will ask again.
"""

import os
import shutil
import tempfile
from functools import cache
from types import CodeType, FunctionType
from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Connection, Engine, event
from werkzeug.routing import Rule

from portal.services import publishing

MEMORY = "/dev/shm"
ROOM = 8 << 30
_compile = Rule._compile_builder
_builders: dict[tuple[Any, ...], Any] = {}


def make_once() -> None:
    """Let every application of this process share them, and lay temporary files in memory where there is room."""
    Rule._compile_builder = _builder  # type: ignore[assignment, method-assign]
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Templates()}
    publishing.load = cache(publishing.load)
    event.listen(Engine, "engine_connect", _share_statements)
    if "TMPDIR" not in os.environ and os.path.isdir(MEMORY) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = MEMORY


class Templates(BytecodeCache):
    """Templates compiled, by name and by the digest of their source."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


class Statements(dict[tuple[Any, ...], Any]):
    """Statements compiled, for every engine that speaks the same dialect; SQLAlchemy's own key names one engine's."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(self._for_all(key), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(self._for_all(key), compiled)

    @staticmethod
    def _for_all(key: tuple[Any, ...]) -> tuple[Any, ...]:
        dialect, *more = key
        return (type(dialect), dialect.server_version_info, *more)


_statements = Statements()


def _share_statements(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_statements)


def _builder(rule: Rule, append_unknown: bool = True) -> FunctionType:
    """Return what builds a rule's addresses. It hangs on its parts alone; the rule is handed to it when called."""
    key = (rule.rule, tuple(rule._trace), append_unknown)
    if rule.defaults:
        return _compile(rule, append_unknown)
    if key not in _builders:
        _builders[key] = _compile(rule, append_unknown)
    return _builders[key]
