# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal as a file to hand over, for example with a bug report: as HAR or as JSON, without secrets.

HAR is the format 1.2 of browsers and proxies (http://www.softwareishard.com/blog/har-12-spec/). What the journal
does not keep (headers, bodies, durations) is empty there, or -1 where the format says so.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from imp_emulator import __version__
from imp_emulator.client.control import JournalForm
from imp_emulator.domain.imp import following
from imp_emulator.store import known_secrets
from imp_emulator.store.journal import Entry
from imp_emulator.wire.exchange_notifications import JOURNALED_PORT
from imp_emulator.wire.presence_web_service.calls import PLAIN_PORT
from imp_emulator.world.environment import Environment

MASK = "***"
_SHORT = 6
"""A secret of fewer characters is also part of words that are none; it is masked where it is the whole value."""
_AT_ONCE = 500
"""How many entries are written before others get their turn."""
_COMMENT = "Times are those of the virtual clock. Headers, bodies and durations are not kept. Secrets are masked."
_HTTPS = 443
_CREATOR = {"name": "imp-emulator", "version": __version__}


async def exported(
    environment: Environment, form: JournalForm, filters: Mapping[str, Any], hidden: Iterable[str], after: int = 0
) -> AsyncIterator[str]:
    """Yield the parts of the file's text.

    Args:
        filters: As for :meth:`Journal.entries`.
        hidden: Secrets beside those of the state file.
        after: The identifier of the entry behind which to begin.
    """
    masked = mask({*known_secrets.read(environment.database), *hidden})
    hosts = _hosts(environment)
    if form is JournalForm.HAR:
        yield f'{{"log": {{"version": "1.2", "creator": {json.dumps(_CREATOR)}, "comment": "{_COMMENT}", "entries": [\n'
    else:
        head = {"creator": _CREATOR, "comment": _COMMENT, "now": environment.clock.isoformat()}
        head["clusters"] = {cluster.name: cluster.version for cluster in environment.scenario.clusters}
        head["filters"] = {name: masked(v) if isinstance(v, str) else v for name, v in filters.items() if v is not None}
        yield f'{json.dumps(head, ensure_ascii=False)[:-1]}, "entries": [\n'
    last, separator = environment.journal.last(), ""
    while after < last:
        entries = environment.journal.entries(dict(filters), after, _AT_ONCE)[0]
        if not entries:
            break
        after = entries[-1].id
        shown = [_masked(entry, masked) for entry in entries if entry.id <= last]
        rows = [_har(one, hosts) for one in shown] if form is JournalForm.HAR else shown
        yield separator + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        separator = ",\n"
        await asyncio.sleep(0)
    yield "\n]}}\n" if form is JournalForm.HAR else "\n]}\n"


def as_file(form: JournalForm) -> dict[str, str]:
    """Return the headers with which a browser stores it."""
    return {"Content-Disposition": f'attachment; filename="journal.{form.value}"'}


def mask(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return what writes a text without such secrets."""
    known = frozenset(secrets)
    long = sorted((one for one in known if len(one) >= _SHORT), key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, long))) if long else None

    # Callers and operations are the same few in all entries.
    @cache
    def masked(text: str) -> str:
        if text in known:
            return MASK
        return pattern.sub(MASK, text) if pattern else text

    return masked


def fields(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON has it."""
    found = {name: getattr(entry, name) for name in Entry.__slots__}
    return found | {"at": datetime.fromtimestamp(entry.at, tz=UTC).isoformat()}


def _masked(entry: Entry, masked: Callable[[str], str]) -> dict[str, Any]:
    found = fields(entry)
    for name in ("method", "operation", "caller"):
        found[name] = found[name] and masked(found[name])
    found["path"] = _path(entry.path, masked)
    return found


def _path(path: str, masked: Callable[[str], str]) -> str:
    # Whoever knows the last part of such a path is let in, and the engine has forgotten those of the past.
    if path.startswith(following.PATH):
        return following.PATH + MASK
    return "/".join(map(masked, masked(path).split("/")))


def _hosts(environment: Environment) -> dict[tuple[str, str], str]:
    """Return the full names of the nodes; all else has one already."""
    return {(cluster.name, node.name): node.fqdn for cluster in environment.scenario.clusters for node in cluster.nodes}


def _har(entry: dict[str, Any], hosts: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """Return an entry of a HAR file; what only the emulator knows has names that begin with an underscore."""
    unknown = {"httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "headersSize": -1, "bodySize": -1}
    status = entry["status"]
    known = status in HTTPStatus.__members__.values()
    own = ("id", "cluster", "node", "protocol", "operation", "caller", "write", "fault")
    return {
        "startedDateTime": entry["at"],
        "time": 0,
        "request": {"method": entry["method"], "url": _url(entry, hosts), "queryString": [], **unknown},
        "response": {
            "status": status,
            "statusText": HTTPStatus(status).phrase if known else "",
            "content": {"size": 0, "mimeType": "x-unknown"},
            "redirectURL": "",
            **unknown,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        **({} if status else {"comment": "The connection was closed without an answer."}),
        **{f"_{name}": entry[name] for name in own},
    }


def _url(entry: dict[str, Any], hosts: Mapping[tuple[str, str], str]) -> str:
    port = entry["port"]
    scheme = "http" if port in (PLAIN_PORT, JOURNALED_PORT) else "https"
    host = hosts.get((entry["cluster"], entry["node"]), entry["node"])
    place = "" if port == _HTTPS else f":{port}"
    path = quote(entry["path"], safe="/:@!$&'()*+,;=~")
    return f"{scheme}://{f'[{host}]' if ':' in host else host}{place}{path}"
