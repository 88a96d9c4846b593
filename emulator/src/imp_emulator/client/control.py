# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the control plane. Only the standard library: it also runs where the emulator itself does not."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from imp_emulator.client.nodes import NodeCalls, path_of

Json = Any
"""What a decoded answer holds: mappings, lists, text and numbers."""

_NAMES = 100
"""How many names one query holds."""
_CLOCK_SECONDS = 600.0
"""How long moving the clock may take."""


class JournalForm(str, Enum):
    """A file of requests: HAR 1.2, the format of browsers and proxies, or plain JSON."""

    HAR = "har"
    JSON = "json"


class ControlError(Exception):
    """The control plane refused a call; the text says which, and why, and ``reason`` the latter alone."""

    def __init__(self, call: str, reason: str) -> None:
        super().__init__(f"{call} {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Answer:
    """An answer of the control plane, whatever its outcome."""

    status_code: int
    content: bytes

    def json(self) -> Json:
        """Return the decoded content."""
        return json.loads(self.content)


class Control(NodeCalls):
    """The control plane's calls; every one but :meth:`request` raises :class:`ControlError` unless it succeeds.

    Args:
        url: Where it listens, as in the ready file.
        token: The token in the ready file.
        timeout: Seconds to wait for an answer. Moving the clock, on whose way much may be due, may take 600.
    """

    def __init__(self, url: str, token: str, timeout: float = 30) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._timeout = timeout
        # A proxy from the environment has no business with the loopback interface.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def request(
        self,
        method: str,
        path: str,
        json: Json = None,
        params: dict[str, Any] | None = None,
        calendar: bytes | None = None,
    ) -> Answer:
        """Send any request and return the answer; its body is ``json``, or a calendar file.

        Raises:
            OSError: Nothing answers.
        """
        query = urllib.parse.urlencode(
            {name: _query(value) for name, value in (params or {}).items() if value is not None}, doseq=True
        )
        body = calendar if json is None else _encoded(json)
        headers = self._headers if calendar is None else self._headers | {"Content-Type": "text/calendar"}
        request = urllib.request.Request(  # noqa: S310 - the URL is the emulator's own
            f"{self._url}{path}{'?' if query else ''}{query}", body, headers, method=method
        )
        try:
            with self._opener.open(request, timeout=self._patience(path)) as answer:
                return Answer(answer.status, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read())

    def _patience(self, path: str) -> float:
        return max(self._timeout, _CLOCK_SECONDS) if path.startswith("/clock") else self._timeout

    def _call(self, method: str, path: str, json: Json = None, params: dict[str, Any] | None = None) -> Json:
        answer = _succeeded(method, path, self.request(method, path, json, params))
        return answer.json() if answer.content else None

    def about(self) -> Json:
        """Return name, version and implemented operations."""
        return self._call("GET", "/about")

    def reset(self) -> None:
        """Go back to the scenario: data, journal, faults, transitions and clock."""
        self._call("POST", "/reset")

    def snapshots(self) -> list[str]:
        """Return the names of all snapshots."""
        return list(self._call("GET", "/snapshots")["snapshots"])

    def snapshot(self, name: str) -> None:
        """Take a snapshot."""
        self._call("PUT", path_of("snapshots", name))

    def restore(self, name: str) -> None:
        """Go back to a snapshot."""
        self._call("POST", path_of("snapshots", name, "restore"))

    def remove_snapshot(self, name: str) -> None:
        """Delete a snapshot."""
        self._call("DELETE", path_of("snapshots", name))

    def journal(
        self,
        *,
        writes: bool | None = None,
        after: int | None = None,
        cluster: str | None = None,
        node: str | None = None,
        protocol: str | None = None,
        operation: str | None = None,
    ) -> Json:
        """Return the requests seen so far, oldest first; those that match all that is given.

        ``after`` is an entry's identifier, see :meth:`last_journal_id`.
        """
        filters = {"writes": writes, "after": after, "cluster": cluster, "node": node}
        filters |= {"protocol": protocol, "operation": operation}
        return self._call("GET", "/journal", params=filters)["entries"]

    def export_journal(
        self,
        form: JournalForm = JournalForm.HAR,
        *,
        writes: bool | None = None,
        after: int | None = None,
        cluster: str | None = None,
        node: str | None = None,
        protocol: str | None = None,
        operation: str | None = None,
    ) -> bytes:
        """Return the same entries as a file without secrets; ``form`` says which."""
        filters = {"writes": writes, "after": after, "cluster": cluster, "node": node}
        filters |= {"protocol": protocol, "operation": operation, "format": form.value}
        path = "/journal/export"
        return _succeeded("GET", path, self.request("GET", path, params=filters)).content

    def last_journal_id(self) -> int:
        """Return the newest entry's identifier, to ask for what comes ``after`` it."""
        return int(self._call("GET", "/journal", params={"after": 2**62})["last"])

    def clear_journal(self) -> None:
        """Forget the requests seen so far."""
        self._call("DELETE", "/journal")

    def transitions(self, mode: str, value: float = 0, node: str | None = None, service: str | None = None) -> None:
        """Set how services start and stop: ``immediate``, ``polls``, ``seconds`` or ``hang``."""
        self._call("PUT", "/transitions", {"mode": mode, "value": value, "node": node, "service": service})

    def clock(self, **change: Any) -> Json:
        """Change the virtual clock (now, offset_seconds, frozen) and return it; without arguments only read it."""
        return self._call("PUT", "/clock", change) if change else self._call("GET", "/clock")

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self._call("POST", "/clock/advance", {"seconds": seconds})

    def fault(self, kind: str, *, effect: Json | None = None, **match: Any) -> int:
        """Inject a fault and return its identifier.

        ``effect`` holds what the kind takes (status, retry_after, date, after, seconds, share, code, values); ``match``
        takes cluster, node, protocol, operation, times, skip, every, probability and seed.
        """
        return self.inject_fault({"effect": {"kind": kind} | (effect or {})} | match)

    def inject_fault(self, fault: Json) -> int:
        """Inject a fault as a set of faults has it, and return its identifier."""
        return int(self._call("POST", "/faults", fault)["id"])

    def inject_faults(self, faults: Json) -> None:
        """Inject all faults of a set, or none when one of them is wrong."""
        self._call("POST", "/faults/set", {"faults": faults})

    def faults(self) -> Json:
        """Return the faults in force, with how many requests (or connections) each has seen (matched) and struck."""
        return self._call("GET", "/faults")["faults"]

    def errors(self) -> Json:
        """Return the errors that a fault of kind ``error`` can inject: their words by protocol and code."""
        return self._call("GET", "/faults/errors")["errors"]

    def clear_faults(self) -> None:
        """Withdraw all faults."""
        self._call("DELETE", "/faults")

    def ca_requests(self, host: str, state: str | None = None) -> Json:
        """Return the requests that a CA has seen: pending, issued, denied or revoked ones, or all."""
        query = {"state": state} if state else {}
        return self._call("GET", path_of("certification-authorities", host, "requests"), params=query)["requests"]

    def ca_decide(self, host: str, request: int, verb: str) -> Json:
        """Issue, deny or revoke a request as a CA's administrator would."""
        return self._call("POST", path_of("certification-authorities", host, "requests", str(request), verb))

    def ca_renew(self, host: str, *, new_key: bool = True) -> int:
        """Renew a CA's own certificate; returns how often that has been done."""
        return int(
            self._call("POST", path_of("certification-authorities", host, "renew"), {"new_key": new_key})["renewals"]
        )

    def exchange_roots(self, server: str) -> Json:
        """Return the root certificates that an Exchange server trusts: fingerprint, type, subject and certificate."""
        return self._call("GET", path_of("exchange-servers", server, "roots"))["roots"]

    def add_exchange_roots(self, server: str, certificates: str, kind: str = "registry") -> list[str]:
        """Put root certificates (PEM) into a server's store and return their SHA-256 fingerprints.

        ``kind`` is ``registry`` (installed there by hand), ``group_policy``, ``third_party`` or ``enterprise``.
        """
        body = {"certificates": certificates, "type": kind}
        return list(self._call("POST", path_of("exchange-servers", server, "roots"), body)["fingerprints"])

    def remove_exchange_root(self, server: str, fingerprint: str) -> None:
        """Take a root certificate out of a server's store."""
        self._call("DELETE", path_of("exchange-servers", server, "roots", fingerprint))

    def exchange_revocation(self, server: str, *, reachable: bool) -> None:
        """Have a server reach the revocation lists of the authorities, or not."""
        self._call("PUT", path_of("exchange-servers", server, "revocation"), {"reachable": reachable})

    def online_ews(self) -> Json:
        """Return who may speak Exchange Web Services at Exchange Online: state, allow_list and ended."""
        return self._call("GET", "/exchange-online/ews")

    def set_online_ews(self, state: str, allow_list: list[str] | None = None) -> None:
        """Turn Exchange Web Services of the tenant ``on`` or ``off``, or to ``allow-listed``.

        ``allow_list`` holds the labels of applications; without it the list stays as it is.
        """
        self._call("PUT", "/exchange-online/ews", {"state": state, "allow_list": allow_list})

    def issue_certificate_again(self, server: str, *, days: int) -> Json:
        """Have a server show its certificate issued anew; returns the new one's thumbprint (SHA-1) and not_after.

        Names, key and issuer stay. ``days`` are of the virtual clock; negative for a certificate that is over.
        """
        body = {"days": days}
        return self._call("POST", path_of("exchange-servers", server, "certificate"), body)

    def change_exchange_password(self, password: str | None = None) -> None:
        """Give the account of the gateways another password in its domain; without one, one that is made.

        The ready file tells it from then on.
        """
        self._call("PUT", "/exchange-account/password", {"password": password})

    def restart_exchange(self, server: str) -> int:
        """Restart the web services of a server; returns how many subscriptions were lost by that."""
        return int(self._call("POST", path_of("exchange-servers", server, "restart"))["subscriptions_lost"])

    def impersonation(self, *, allowed: bool) -> None:
        """Let the account of the gateways act for every mailbox, or not (the role ApplicationImpersonation)."""
        self._call("PUT", "/impersonation", {"allowed": allowed})

    def throttling_policy(self, account: str, **limits: int | None) -> Json:
        """Change limits of an account (or of a mailbox, by its address) and return all; without any only return them.

        ``limits`` are max_concurrency, hanging_connections, max_subscriptions, find_count_limit, max_burst,
        recharge_rate, cutoff_balance and request_cost; ``None`` for no limit.
        """
        path = path_of("throttling-policies", account)
        return self._call("PATCH", path, limits) if limits else self._call("GET", path)

    def reset_throttling_policy(self, account: str) -> None:
        """Give an account or mailbox the scenario's limits again."""
        self._call("DELETE", path_of("throttling-policies", account))

    def presences(
        self, *, cluster: str | None = None, userids: Sequence[str] | None = None, presence: str | None = None
    ) -> Json:
        """Return what is shown of users: cluster, userid, node, presence, activity, message, icon and since.

        They are those that match all that is given, nobody for an empty list. ``presence``: for example ``Available``.
        """
        names = userids or ()
        chunks = [list(names[first : first + _NAMES]) for first in range(0, len(names), _NAMES)]
        filters = {"cluster": cluster, "presence": presence, "limit": 1000}
        found: list[Json] = []
        for chunk in [[]] if userids is None else chunks:
            after: str | None = ""
            while after is not None:
                answer = self._call("GET", "/presence", params=filters | {"userid": chunk, "after": after})
                found += answer["users"]
                after = answer["next"]
        return found

    def presence(self, userid: str, cluster: str = "dc1") -> Json:
        """Return what is shown of a user, what decides it, and what the Presence Engine knows of its calendar.

        ``why`` are the conditions for a meeting to show; the first with ``met`` false is why it does not.
        """
        return self._call("GET", _presence(cluster, userid))

    def timeline(self, userid: str, cluster: str = "dc1") -> Json:
        """Return the newest steps on the way to what is shown of a user, oldest first: at, step, what and about."""
        return self._call("GET", f"{_presence(cluster, userid)}/timeline")["timeline"]

    def sign_in(self, userid: str, state: str, cluster: str = "dc1") -> Json:
        """Have a user's client be ``available``, ``away``, ``do_not_disturb`` or ``offline``; returns what is shown."""
        return self._call("PUT", f"{_presence(cluster, userid)}/sign-in", {"state": state})

    def set_phone(self, userid: str, *, on: bool, cluster: str = "dc1") -> Json:
        """Have a user's telephone be in a call, or not; returns :meth:`presence`."""
        return self._call("PUT", f"{_presence(cluster, userid)}/phone", {"on": on})

    def set_manual(self, userid: str, presence: str, cluster: str = "dc1", **fields: Any) -> Json:
        """Set a user's presence by hand and return :meth:`presence`.

        ``presence`` is ``AVAILABLE``, ``BUSY``, ``DND``, ``AWAY``, ``UNAVAILABLE`` or ``VACATION``; ``fields`` may be
        override, until (a time), note and activity (``available``, ``away``, ``busy``, ``dnd``, ``meeting``,
        ``on-the-phone``, ``unavailable``), which counts in place of the presence.
        """
        body = {"presence": presence} | {name: _json(value) for name, value in fields.items()}
        return self._call("PUT", f"{_presence(cluster, userid)}/manual", body)

    def release_manual(self, userid: str, cluster: str = "dc1") -> Json:
        """Give back what was set by hand; returns :meth:`presence`."""
        return self._call("DELETE", f"{_presence(cluster, userid)}/manual")

    def bulk_jobs(self, cluster: str | None = None) -> Json:
        """Return the bulk jobs: cluster, id, description, transaction, status, result, processed, failed and total."""
        return self._call("GET", "/bulk-jobs", params={"cluster": cluster})["jobs"]

    def change_bulk_job(self, identifier: int, verb: str, cluster: str = "dc1") -> Json:
        """Do something to a bulk job and return it: ``activate`` or ``stop``."""
        return self._call("POST", path_of("bulk-jobs", cluster, str(identifier), verb))

    def notifications(self, cluster: str | None = None) -> Json:
        """Return the active notifications of the nodes: cluster, node, key, severity, text and raised_at."""
        return self._call("GET", "/notifications", params={"cluster": cluster})["notifications"]

    def mailboxes(self) -> Json:
        """Return all mailboxes: address, aliases, display_name, principal_name, sid, time_zone and language."""
        found: list[Json] = []
        after: int | None = 0
        while after is not None:
            answer = self._call("GET", "/mailboxes", params={"after": after, "limit": 1000})
            found += answer["mailboxes"]
            after = answer["next"]
        return found

    def mailbox(self, address: str) -> Json:
        """Return a mailbox, by any of its addresses."""
        return self._call("GET", _mailbox(address))

    def add_mailbox(self, address: str, display_name: str | None = None, **fields: Any) -> Json:
        """Add a mailbox and return it; ``fields`` may be time_zone, language and aliases."""
        return self._call("POST", "/mailboxes", {"address": address, "display_name": display_name, **fields})

    def change_mailbox(self, mailbox: str, /, **fields: Any) -> Json:
        """Change address, principal_name, display_name, time_zone, language or aliases; returns the mailbox."""
        return self._call("PATCH", _mailbox(mailbox), fields)

    def move_mailbox(self, address: str) -> Json:
        """Move a mailbox and return it; who has identifiers of its folders goes on with the copy left behind."""
        return self._call("POST", f"{_mailbox(address)}/move")

    def remove_mailbox(self, address: str) -> None:
        """Remove a mailbox with all that is in it."""
        self._call("DELETE", _mailbox(address))

    def automatic_replies(self, address: str) -> Json:
        """Return what a mailbox answers by itself."""
        return self._call("GET", f"{_mailbox(address)}/automatic-replies")

    def set_automatic_replies(self, address: str, state: str, **fields: Any) -> Json:
        """Have a mailbox answer by itself, or not.

        ``state`` is ``Disabled``, ``Enabled`` or ``Scheduled``; ``fields`` may be external_audience (``None``,
        ``Known``, ``All``), start and end (of a scheduled one), internal_reply and external_reply.
        """
        body = {"state": state} | {name: _json(value) for name, value in fields.items()}
        return self._call("PUT", f"{_mailbox(address)}/automatic-replies", body)

    def meetings(self, address: str, start: datetime, end: datetime) -> Json:
        """Return what a calendar shows between two times, each occurrence of a series by itself."""
        params = {"start": start, "end": end}
        return self._call("GET", f"{_mailbox(address)}/meetings", params=params)["meetings"]

    def meeting(self, address: str, meeting: str) -> Json:
        """Return a meeting, a series or an occurrence by its ``id``, which is the identifier in EWS too."""
        return self._call("GET", _meeting(address, meeting))

    def add_meeting(self, address: str, start: datetime, end: datetime, **fields: Any) -> Json:
        """Put a meeting into a calendar and return it.

        ``fields`` are those of the answer: subject, show_as (``Free``, ``Tentative``, ``Busy``, ``OOF``,
        ``WorkingElsewhere``), all_day, location, time_zone, recurrence (an RRULE without its name), and so on.
        """
        body = {"start": _json(start), "end": _json(end), **fields}
        return self._call("POST", f"{_mailbox(address)}/meetings", body)

    def change_meeting(self, address: str, meeting: str, **fields: Any) -> Json:
        """Change a meeting, a series, or one occurrence, which becomes an exception; returns it."""
        body = {name: _json(value) for name, value in fields.items()}
        return self._call("PATCH", _meeting(address, meeting), body)

    def delete_meeting(self, address: str, meeting: str) -> None:
        """Delete a meeting, a series, or one occurrence."""
        self._call("DELETE", _meeting(address, meeting))

    def calendar(self, address: str) -> bytes:
        """Return a calendar as an iCalendar file."""
        path = f"{_mailbox(address)}/calendar"
        return _succeeded("GET", path, self.request("GET", path)).content

    def put_calendar(self, address: str, content: bytes, *, replace: bool = True) -> Json:
        """Put the events of an iCalendar file into a calendar, by default in place of all that it has.

        Returns how many items were created, updated, unchanged and deleted, the problems of events that were left out,
        and what else was ignored.
        """
        path = f"{_mailbox(address)}/calendar"
        answer = self.request("PUT", path, params={"replace": replace}, calendar=content)
        return _succeeded("PUT", path, answer).json()


def _succeeded(method: str, path: str, answer: Answer) -> Answer:
    if answer.status_code >= 300:
        raise ControlError(f"{method} {path}: {answer.status_code}", reason_of(answer.content.decode(errors="replace")))
    return answer


def _encoded(content: Json) -> bytes:
    return json.dumps(content).encode()


def _query(value: object) -> str | list[str]:
    """Write a value as the control plane reads it in a query; a list gives the name several times."""
    if isinstance(value, list):
        return [str(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _json(value: object) -> Json:
    """Write a value as the control plane reads it in a body; times are the only ones that JSON does not know."""
    return value.isoformat() if isinstance(value, datetime) else value


def _presence(cluster: str, userid: str) -> str:
    return path_of("presence", cluster, userid)


def _mailbox(address: str) -> str:
    return f"/mailboxes/{urllib.parse.quote(address, safe='@')}"


def _meeting(address: str, meeting: str) -> str:
    return f"{_mailbox(address)}/meetings/{urllib.parse.quote(meeting, safe='')}"


def reason_of(answer: str) -> str:
    """Return the sentence of a refusal, or those of what is wrong with the body; else the whole answer."""
    try:
        detail = json.loads(answer)["detail"]
        if isinstance(detail, list):
            return "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in detail)
    except (ValueError, KeyError, TypeError):
        return answer
    return detail if isinstance(detail, str) else answer
