"""Calls that the host signs: who holds the shared key may speak as the host, for five minutes per signature.

The header `Portal-Signature: t=<Unix seconds>,v1=<hex>` carries HMAC-SHA256 over four lines: the method, the address as
it was asked for (path and query), the seconds, and the SHA-256 of the body in hex. The same call sent again within its
time is genuine again, so what it asks for must come to the same when it is asked twice.
"""

import hmac
import re
from datetime import datetime, timedelta
from hashlib import sha256

HEADER = "Portal-Signature"
TOLERANCE = timedelta(minutes=5)  # between the host's clock and ours, either way
_FORM = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def signature(key: bytes, method: str, target: str, seconds: int, body: bytes) -> str:
    """Return the value of the header for a call made at `seconds` (Unix time)."""
    lines = f"{method}\n{target}\n{seconds}\n{sha256(body).hexdigest()}"
    return f"t={seconds},v1={hmac.digest(key, lines.encode(), 'sha256').hex()}"


def is_signed(key: bytes, told: str, method: str, target: str, body: bytes, at: datetime) -> bool:
    """Tell whether `told` signs this call and is of this time. Says no more: a caller learns not what was wrong."""
    parts = _FORM.fullmatch(told)
    seconds = int(parts[1]) if parts else 0
    genuine = hmac.compare_digest(told.encode(), signature(key, method, target, seconds, body).encode())
    return genuine and abs(at.timestamp() - seconds) <= TOLERANCE.total_seconds()
