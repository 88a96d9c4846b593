# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What puts back what was changed: from backups, or from the results of tasks, the options of modules. Pure.

Both are the same to :func:`undo`: entries (``_module/backups``), the oldest first. Of several about one object the
oldest counts, for that is how it was before all of them. What cannot be put back is told in sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.masked import masked_places, without_masks
from ansible_collections.ucops.imp.plugins.module_utils._core.options import given
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import CREATE, DELETE
from ansible_collections.ucops.imp.plugins.module_utils._core.words import named
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import REPLACED, Entry, are_entries
from ansible_collections.ucops.imp.plugins.module_utils._product import office_365
from ansible_collections.ucops.imp.plugins.module_utils._product.office_365 import (
    EXCHANGE_EWS,
    GATEWAY_TYPES,
    OFFICE_365,
)
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import BY_OPTION, problem

LONGEST_NAME = 64
"""Characters that the option ``common_name`` of exchange_certificate takes."""
_SECRET_OPTIONS = {"client_id", "proxy_username"}
"""What a secret of a gateway of Office 365 belongs to."""
_WORDS_OF_TYPES = {wire: word for word, wire in GATEWAY_TYPES.items()}

Places = dict[tuple[str, str, "str | None"], list[dict[str, str]]]
"""Certificates by node, trust store, and what the node's interface calls that store if it is not the usual word."""


@dataclass
class Undo:
    """What puts things back: the options of the modules by name, and sentences about what nothing puts back.

    ``trust_first`` and ``trust_last`` are options of trust_certificates, the second for the time when nothing needs the
    certificates any more. ``account`` is the one that presence gateways shared, where it was changed or went.
    """

    cannot: list[str] = field(default_factory=list)
    trust_first: list[dict[str, Any]] = field(default_factory=list)
    trust_last: list[dict[str, Any]] = field(default_factory=list)
    gateways: list[dict[str, Any]] = field(default_factory=list)
    new_gateways: list[dict[str, str]] = field(default_factory=list)
    account: str | None = None
    account_changed: bool = False
    users: list[dict[str, Any]] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    parameter_names: dict[str, str] = field(default_factory=dict)
    service_parameters: list[dict[str, str]] = field(default_factory=list)
    impersonation: list[dict[str, str]] = field(default_factory=list)
    exchange_certificates: list[dict[str, Any]] = field(default_factory=list)

    @property
    def back(self) -> list[str]:
        """What is put back: how many objects of each kind."""
        calls = (*self.trust_first, *self.trust_last)
        certificates = [one for call in calls for _node in call["nodes"] for one in call["certificates"]]
        counts = {
            "trusted certificates on nodes": certificates,
            "presence gateways": [*self.gateways, *self.new_gateways],
            "the gateways' account": ["account"] if self.account_changed else [],
            "users": self.users,
            "calendaring parameters": self.parameters,
            "other parameters": self.service_parameters,
            "rights to act for mailboxes": self.impersonation,
            "certificates that IIS uses": self.exchange_certificates,
        }
        return [f"{words}: {len(some):,}" for words, some in counts.items() if some]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**vars(self), "back": self.back}


def entries_of(result: Mapping[str, Any]) -> list[Entry]:
    """Return the entries of a registered result; those of a loop are together.

    Raises ``ValueError`` for what is no result of a module of this collection.
    """
    if isinstance(result.get("results"), list):
        return [entry for one in result["results"] if isinstance(one, Mapping) for entry in entries_of(one)]
    if not are_entries(result.get("changes") or []):
        raise ValueError("changes")
    changes = [dict(change) for change in result.get("changes") or []]
    current = result.get("current")
    for change in changes:
        more = _from_current(change, current)
        if more is not None:
            change["before"] = more
    return changes


def _from_current(change: Entry, current: Any) -> dict[str, Any] | None:
    """Return what the state after the changes tells of an object whose fields were only partly changed."""
    if not isinstance(current, Mapping):
        return None
    if change["kind"] in ("role_assignment", "gateway_credentials"):
        return given(current, ["account"])
    if change["kind"] == "presence_gateway":
        known = [one for one in current.get("gateways", []) if one["name"].lower() == change["id"]]
        return dict(known[0]) if known and change["action"] != CREATE else None
    return None


def undo(entries: Iterable[Entry]) -> Undo:
    """Return what puts everything back to how it was before the first of the entries."""
    found = Undo()
    oldest: dict[tuple[str, str, str], Entry] = {}
    for entry in entries:
        # A certificate may be in several stores of a node.
        key = (entry["kind"], entry["id"], _told_of(entry)["store"])
        oldest[key] = _merged(oldest[key], entry) if key in oldest else entry
    by_kind: dict[str, list[Entry]] = {}
    for entry in oldest.values():
        if any(True for _place in masked_places(entry)):
            name = without_masks(entry["id"])
            found.cannot.append(f"{_words(entry)} {name}: a part of it is also a password, so it was not written down.")
        else:
            by_kind.setdefault(entry["kind"], []).append(entry)
    for kind, some in by_kind.items():
        _KINDS.get(kind, _only_told)(found, some)
    return found


def _merged(older: Entry, newer: Entry) -> Entry:
    """Return an entry with what the older one tells, and the newer one beside it."""
    names = {item["name"] for item in older["fields"]}
    fields = [*older["fields"], *(item for item in newer["fields"] if item["name"] not in names)]
    return {**older, "fields": fields}


def _before(entry: Entry) -> dict[str, Any]:
    """Return the fields of an object as they were, without secrets."""
    fields = {item["name"]: item.get("before") for item in entry["fields"] if not item.get("secret")}
    # What was kept of an object is all of it; what a result tells of it is how it is now.
    return {**entry.get("before", {}), **fields}


def _words(entry: Entry) -> str:
    return str(entry["kind"]).replace("_", " ")


def _node(entry: Entry) -> tuple[str, str]:
    """Return the node, and what it is about, of an id with both."""
    node, _separator, name = entry["id"].rpartition(":")
    return node, name


# --- Unified CM


def _users(found: Undo, entries: Sequence[Entry]) -> None:
    unknown: list[str] = []
    for entry in entries:
        # Whose meetings are shown is enabled, so that a result, which has only what was changed, says both of these.
        fields = _before(entry)
        if "im_and_presence" not in fields and "meeting_information" not in fields:
            unknown.append(entry["id"])
            continue
        im_and_presence = fields.get("im_and_presence", True)
        meetings = fields.get("meeting_information", False)
        options = {"im_and_presence": bool(im_and_presence), "meeting_information": bool(meetings)}
        if any(item["name"] == "home_cluster" for item in entry["fields"]):
            options["home_cluster"] = bool(fields["home_cluster"])
        found.users.append({"userid": entry["id"], **options})
    if unknown:
        found.cannot.append(
            f"The home cluster of {named(unknown)}: calendar_users sets the other options of a user as well, and a "
            "result does not tell these. Only a backup keeps them."
        )


def _calendaring_parameters(found: Undo, entries: Sequence[Entry]) -> None:
    for entry in entries:
        before, name = _before(entry), entry["id"]
        value, known = before.get("value"), BY_OPTION.get(name)
        said = f"{name}: it was {value!r}, which no option of calendaring_parameters takes."
        if known is None or value is None or not _is_allowed(name, value):
            found.cannot.append(f"{said} Set it in Cisco Unified CM Administration.")
            continue
        found.parameters[name] = value
        if before.get("name") and before["name"] != known.name:
            found.parameter_names[name] = before["name"]


def _is_allowed(option: str, value: Any) -> bool:
    allowed = BY_OPTION[option].allowed
    if isinstance(allowed, range):
        return isinstance(value, int) and problem(BY_OPTION[option], value) is None
    return value in allowed


def _service_parameters(found: Undo, entries: Sequence[Entry]) -> None:
    for entry in entries:
        before = _before(entry)
        node, _separator, rest = entry["id"].partition("/")
        service, _separator, name = rest.rpartition("/")
        path = {"node": node, "service": service, "name": name} | given(before, ("node", "service", "name"))
        found.service_parameters.append({**path, "value": str(before.get("value") or "")})


# --- trust


def _certificates(found: Undo, entries: Sequence[Entry]) -> None:
    """Collect them by node and store, in the order in which they have to go and to come."""
    back: Places = {}
    again: Places = {}
    gone: Places = {}
    added = {(_node(entry)[0], _told_of(entry)["subject"]) for entry in entries if entry["action"] == CREATE}
    for entry in entries:
        (node, fingerprint), kept, told = _node(entry), entry.get("before", {}), _told_of(entry)
        place = (node, told["store"], entry.get("service_token"))
        if entry["action"] == CREATE:
            gone.setdefault(place, []).append({"fingerprint": fingerprint})
        elif kept.get("content"):
            # A node keeps one of a subject: one that gave way comes back when the one that took its place is gone.
            gave_way = entry["action"] == REPLACED or (node, told["subject"]) in added
            (again if gave_way else back).setdefault(place, []).append({"content": kept["content"]})
        else:
            text = f"{node}: the certificate {told['subject']} ({fingerprint}) was deleted from {told['store']}."
            found.cannot.append(f"{text} Upload it again: only a backup keeps the certificate itself.")
    found.trust_first += _calls(back, "present")
    found.trust_last += [*_calls(gone, "absent"), *_calls(again, "present")]


def _told_of(entry: Entry) -> dict[str, str]:
    """Return the store and the subject of a certificate."""
    side = "after" if entry["action"] == CREATE else "before"
    fields = {item["name"]: item.get(side) for item in entry["fields"]}
    store = entry.get("before", {}).get("store") or fields.get("store") or "cup-trust"
    return {"store": str(store), "subject": str(fields.get("subject"))}


def _calls(places: Places, state: str) -> list[dict[str, Any]]:
    """Return one call for all nodes with the same certificates."""
    calls: list[dict[str, Any]] = []
    for (node, store, token), certificates in places.items():
        call = {"store": store, "service_token": token, "state": state, "certificates": certificates}
        same = next((one for one in calls if call.items() <= one.items()), None)
        if same is None:
            calls.append({**call, "nodes": [node]})
        else:
            same["nodes"].append(node)
    return calls


# --- presence gateways


def _gateways(found: Undo, entries: Sequence[Entry]) -> None:
    for entry in entries:
        before, name = _before(entry), entry["id"]
        if entry["action"] == CREATE:
            after = {item["name"]: item.get("after") for item in entry["fields"]}
            found.new_gateways.append({"name": name, "type": _type(after)})
            continue
        kind, changed = _type(before), {item["name"] for item in entry["fields"]}
        said = _why_not(name, kind, entry["action"], changed)
        if said is not None:
            found.cannot.append(said)
            continue
        options = given(before, ("description", "port", *office_365.FIELDS))
        if options.get("proxy_username"):
            del options["proxy_username"]  # it has not changed, and goes with its password only
        found.gateways.append({"name": before.get("name") or name, "type": kind, **options})
        if any(item.get("secret") for item in entry["fields"]):
            found.cannot.append(f"{name}: its secrets were changed, and nobody can read what they were.")
        if entry["action"] == DELETE and kind == EXCHANGE_EWS:
            found.account = found.account or before.get("account")
    if any(entry["action"] == DELETE for entry in entries):
        found.cannot.append(
            "The order of the gateways: one that was deleted comes back as the last. If no Exchange server is left, "
            "the first one also needs the password of the gateways' account, see restore_account_password."
        )


def _type(fields: Mapping[str, Any]) -> str:
    """Return the option's word for the kind of a gateway; a kind without one keeps the product's."""
    told = str(fields.get("type") or EXCHANGE_EWS)
    return _WORDS_OF_TYPES.get(told, told)


def _why_not(name: str, kind: str, action: str, changed: set[str]) -> str | None:
    """Return why a gateway cannot be put back, ``None`` when it can."""
    if kind not in GATEWAY_TYPES:
        return f"{name}: presence_gateways knows no gateways of the kind {kind}. Add it in the administration pages."
    if kind == OFFICE_365 and (action == DELETE or changed & _SECRET_OPTIONS):
        text = "needs its client_secret again, or the password of its proxy, and nobody can read these."
        return f"{name}: a gateway of Office 365 {text} Declare it with presence_gateways."
    return None


def _credentials(found: Undo, entries: Sequence[Entry]) -> None:
    for entry in entries:
        if entry["action"] == CREATE:
            continue  # they go with the last gateway
        found.account = _before(entry).get("account") or found.account
        found.account_changed = True
        found.cannot.append(
            f"The password of the gateways' account, which was {found.account}: nobody can read what it was. The "
            "account is put back when restore_account_password gives its password."
        )


# --- Exchange


def _impersonation(found: Undo, entries: Sequence[Entry]) -> None:
    for entry in entries:
        account = entry.get("before", {}).get("account")
        if entry["action"] == CREATE:
            found.impersonation.append({"account": account or entry["id"], "state": "absent"})
        elif account:
            found.impersonation.append({"account": account, "name": entry["id"], "state": "present"})


def _bindings(found: Undo, entries: Sequence[Entry]) -> None:
    """Have IIS use the certificate again that it had before; the new ones stay, with their keys."""
    for entry in entries:
        kept = entry.get("before", {})
        used = kept.get("in_use")
        if not used or used.get("thumbprint") == entry["id"]:
            continue
        name = next((one for one in used["names"] if len(one) <= LONGEST_NAME and ":" not in one), None)
        if not kept.get("usable") or name is None:
            text = f"IIS used the certificate {used['thumbprint']} ({used['subject']}), which the module cannot bind."
            found.cannot.append(f"{text} Bind it with Enable-ExchangeCertificate.")
            continue
        options = {"common_name": name, "certificate": used["pem"], "services": ["IIS"], "renew_before_days": 0}
        found.exchange_certificates.append(options)
    found.cannot.append(
        "What Exchange has bound to other services than IIS stays, and so does the new certificate with its key. "
        "Delete it with exchange_certificate and state=absent when nothing uses it."
    )


# --- what nothing puts back


def _certificate_files(found: Undo, entries: Sequence[Entry]) -> None:
    for entry in entries:
        done = {CREATE: "was made", DELETE: "was deleted, with its private key"}.get(entry["action"], "was changed")
        found.cannot.append(f"The {_words(entry)} {entry['id']} {done}. It stays so.")


def _services(found: Undo, entries: Sequence[Entry]) -> None:
    words = {"restart": "restarted", "start": "started", "stop": "stopped"}
    words |= {"activate": "activated", "deactivate": "deactivated"}
    done: dict[str, list[str]] = {}
    for entry in entries:
        action = str(entry["action"])
        done.setdefault(words.get(action, action), []).append(": ".join(_node(entry)))
    for word, names in done.items():
        more = "" if word == "restarted" else " Services are left as they are; see ucops.imp.services."
        found.cannot.append(f"Was {word}, which nobody can undo: {', '.join(names)}.{more}")


def _presence(found: Undo, entries: Sequence[Entry]) -> None:
    names = ", ".join(entry["id"] for entry in entries)
    found.cannot.append(f"Presence that was set by hand is over when its time ends, and is not set again: {names}.")


def _only_told(found: Undo, entries: Sequence[Entry]) -> None:
    for entry in entries:
        found.cannot.append(f"{_words(entry)} {entry['id']}: {entry['action']}. Nothing puts this back.")


_KINDS: dict[str, Callable[[Undo, Sequence[Entry]], None]] = {
    "calendar_user": _users,
    "calendaring_parameter": _calendaring_parameters,
    "service_parameter": _service_parameters,
    "trust_certificate": _certificates,
    "presence_gateway": _gateways,
    "gateway_credentials": _credentials,
    "role_assignment": _impersonation,
    "certificate_services": _bindings,
    "certificate": _certificate_files,
    "certificate_request": _certificate_files,
    "service": _services,
    "user_presence": _presence,
    # A task that switches it off switches it on again, or leaves a note for the next one.
    "high_availability": lambda _found, _entries: None,
}
