"""The questions asked of access records, in the words that both engines share."""

from .batch import Search, micros

COLUMNS = "at, request_id, ref, method, path, status, decision, sealed"


def conditions(wanted: Search, mark: str) -> tuple[list[str], list[object]]:
    """Return SQL conditions and their values for all that `wanted` asks but the address, which each engine finds by
    its days' indexes. `mark` is the driver's placeholder."""
    asked: list[tuple[str, list[object]]] = []
    if wanted.ref is not None:
        asked.append((f"ref = {mark}", [wanted.ref]))
    if wanted.since is not None:
        asked.append((f"at >= {mark}", [micros(wanted.since)]))
    if wanted.until is not None:
        asked.append((f"at < {mark}", [micros(wanted.until)]))
    if wanted.before is not None:
        asked.append((f"at <= {mark}", [wanted.before.at]))  # for the index; the next line alone would be right
        asked.append((f"(at, request_id) < ({mark}, {mark})", list(wanted.before)))
    return [clause for clause, _ in asked], [value for _, values in asked for value in values]


def query(table: str, clauses: list[str], mark: str) -> str:
    """Return the SELECT for these conditions, newest first, with one more value: the limit."""
    where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
    return f"SELECT {COLUMNS} FROM {table}{where} ORDER BY at DESC, request_id DESC LIMIT {mark}"  # noqa: S608 - ours
