# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Client of the admin API: presence gateways, their status, restart notifications, IPv6 settings.

Cisco publishes no interface for these; its own pages do them. The emulator serves this one (base ``/imp-admin/v1``,
JSON, errors as RFC 9457 problem details, ETag and If-Match), and so may a service in front of a cluster. Where there is
none, every call raises :class:`NoPublicApi`, which says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from ansible_collections.ucops.imp.plugins.module_utils._clients.admin_api import AdminApi
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError, NoPublicApi, UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._product.high_availability import GroupNode, RedundancyGroup

BASE = "/imp-admin/v1"

ABSENT = 404
"""What an admin API of an older version answers for a part of it that it does not have."""

PAGE_SIZE = 200
"""Users asked for at once, the most that there are on a page."""
IDS_AT_ONCE, LONGEST_QUERY = 40, 6000
"""So many user ids go with one request, as far as its line does not get too long for them."""


_NOTHING = type(None)
_TEXT = (str, _NOTHING)
_GATEWAY = {
    **dict.fromkeys(("id", "type", "name", "etag"), str),
    "description": _TEXT,
    "port": int,
    "position": int,
    "office_365?": dict,
    "subscriptions?": int,
}
_STATUS_ITEM = {"name": str, "checked": bool, "reachability": _TEXT, "verification": _TEXT, "detail?": str}
_NODE = {"name": str, **dict.fromkeys(("fqdn?", "eth0_ipv4?", "eth0_ipv6?"), str)}
_SERVICE = {"name": str, "status": str, "activated": bool}
_USER = {
    "userid": str,
    **dict.fromkeys(("presence", "activity", "message", "gateway"), _TEXT),
    "failure": (str, dict, _NOTHING),
}
_GROUP = {
    "name": str,
    "ha_enabled": bool,
    "description?": str,
    "nodes": [{"node": str, **dict.fromkeys(("state?", "reason?"), str), "users_assigned?": int, "users_here?": int}],
}
_CONDITION = {"met": (bool, _NOTHING)}
"""What is read of answers, see ``shaped``."""


class Presence(NamedTuple):
    """The users with their presence, and the nodes whose Presence Engine runs."""

    users: list[dict[str, Any]]
    engines: list[str]


class ImpAdmin(AdminApi):
    """The admin API of a cluster, through one of its IM and Presence nodes."""

    base = BASE

    def gateways(self) -> list[dict[str, Any]]:
        """Return the gateways in their order, each with what identifies it for a change.

        ``{id, type, name, description, port, account, position, etag, office_365}``. The last is ``None`` for an
        Exchange server, else ``{client_id, tenant_id, proxy_url, proxy_username, authentication_endpoint, resource}``.
        """
        return self._items("/presence-gateways", _GATEWAY)

    def create_gateway(self, fields: Mapping[str, Any]) -> None:
        """Add a gateway of ``{type, name, description, port, account?, password?, office_365?}``."""
        self._call("POST", "/presence-gateways", body=fields)

    def replace_gateway(self, gateway: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
        """Give a gateway (as :meth:`gateways` returned it) other fields, unless somebody else was faster (412)."""
        self._call("PUT", f"/presence-gateways/{quote(gateway['id'], safe='')}", body=fields, etag=gateway["etag"])

    def delete_gateway(self, gateway: Mapping[str, Any]) -> None:
        """Remove a gateway, as :meth:`gateways` returned it."""
        self._call("DELETE", f"/presence-gateways/{quote(gateway['id'], safe='')}", etag=gateway["etag"])

    def account(self) -> str | None:
        """Return the name of the account that all gateways share, or ``None`` when there is none."""
        value = self._object("/gateway-credentials").get("account")
        return None if value is None else str(value)

    def set_credentials(self, account: str, password: str) -> None:
        """Change the shared account of all gateways; there must be a gateway."""
        self._call("PUT", "/gateway-credentials", body={"account": account, "password": password})

    def credentials_match(self, account: str, password: str) -> bool:
        """Tell whether these are the stored ones, which reveals nothing else; the server limits how often."""
        body = {"account": account, "password": password}
        answer = self._call("POST", "/gateway-credentials/compare", body=body, idempotent=True)
        content = answer.json()
        if not isinstance(content, dict) or not isinstance(content.get("match"), bool):
            raise UnexpectedAnswer(
                f"The admin API of {self._transport.server} did not say whether the password is right."
            )
        return bool(content["match"])

    def secrets_match(self, gateway: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, bool]:
        """Tell of each secret whether it is that of a gateway of Office 365; the server limits how often.

        ``secrets`` has ``client_secret``, ``proxy_password`` or both.
        """
        path = f"/presence-gateways/{quote(gateway['id'], safe='')}/secrets/compare"
        content = self._call("POST", path, body=secrets, idempotent=True).json()
        if not isinstance(content, dict) or not all(isinstance(content.get(name), bool) for name in secrets):
            raise UnexpectedAnswer(
                f"The admin API of {self._transport.server} did not say whether the secrets are right."
            )
        return {name: content[name] for name in secrets}

    def status(self, node: str | None = None) -> dict[str, Any]:
        """Return ``{node, items: [...]}``: what the troubleshooter of a node finds about each gateway (G6)."""
        path = "/presence-gateways/status"
        found = self._object(path, [("node", node)] if node else [])
        return dict(self._shaped(found, {"node": str, "items": [_STATUS_ITEM]}, path))

    def restart_notifications(self) -> list[dict[str, Any]]:
        """Return the services that have to restart: ``{node, service, since, reasons: [{object, action, at}]}``."""
        return self._items("/restart-notifications", {"node": str, "service": str})

    def nodes(self) -> list[dict[str, Any]]:
        """Return the IM and Presence nodes: ``{name, fqdn, usage, eth0_ipv4, eth0_ipv6, ipv6_enabled}``."""
        return self._items("/nodes", _NODE)

    def node_states(self) -> list[dict[str, Any]]:
        """Return how the nodes are: those of :meth:`nodes` with ``{reachable, services: [{name, status, activated}]}``.

        Any node of the cluster tells it about all of them, as the page Presence Topology does.
        """
        return self._items("/presence-topology", {**_NODE, "reachable": bool, "services": [_SERVICE]})

    def redundancy_groups(self) -> list[RedundancyGroup] | None:
        """Return the presence redundancy groups and how their nodes stand; ``None`` from an interface without them."""
        try:
            items = self._items("/presence-redundancy-groups", _GROUP)
        except ApiError as error:
            if error.status != ABSENT:
                raise
            return None
        return [_redundancy_group(item) for item in items]

    def offered_certificates(self, peer: str, port: int, store: str) -> dict[str, Any]:
        """Return what the Certificate Import Tool finds about a peer server, from this node; nothing changes.

        ``{reachability, verification, detail, certificates: [{pem, status, position, ...}]}``, see requirement C9.
        """
        body = {"peer_server": peer, "port": port, "store": store}
        path = "/certificate-import/check"
        content = self._call("POST", path, body=body, idempotent=True).json()
        return dict(self._shaped(content, {"certificates": [{"pem": str}]}, path))

    def accept_certificate(self, peer: str, port: int, store: str, fingerprint: str) -> bool:
        """Install a certificate on this node, provided that the peer server still offers it (409 if it does not).

        Returns whether it was installed: a node leaves out what it has, and what is older than one with its subject.
        """
        body = {"peer_server": peer, "port": port, "store": store, "fingerprints": [fingerprint]}
        content = self._call("POST", "/certificate-import/accept", body=body).json()
        return not isinstance(content, dict) or fingerprint in content.get("installed", [fingerprint])

    def presence(self, userids: Sequence[str], filters: Mapping[str, str]) -> Presence:
        """Return these users, or without any all that an IM and Presence node serves; ids of no user are left out.

        A user is ``{userid, node, presence, activity, message, icon, rule, since, mailbox, gateway, subscribed_at,
        subscription_age_seconds, last_notification, last_event, calendar_read, out_of_office, failure, conditions}``.
        ``filters`` are the interface's: ``node``, ``presence``, ``failing`` and ``explain``.
        """
        users: dict[str, dict[str, Any]] = {}
        engines: list[str] = []
        for ids in _portions(userids):
            query = [*filters.items(), *(("userid", userid) for userid in ids), ("first", str(PAGE_SIZE))]
            skip, known = 0, -1
            # A page that brings nobody new is the last one, too.
            while skip % PAGE_SIZE == 0 and len(users) > known:
                known = len(users)
                page = self._object("/presence", [*query, ("skip", str(skip))])
                told = {"items": [{**_USER, "conditions?": [_CONDITION]}], "engines?": [str]}
                items = self._shaped(page, told, "/presence")["items"]
                users.update({user["userid"]: user for user in items})
                engines = page.get("engines") or []
                skip += len(items)
        return Presence(list(users.values()), engines)

    def notifications(self) -> list[dict[str, Any]]:
        """Return the active notifications of the nodes: ``{node, severity, text, raised_at}``."""
        return self._items("/notifications", {"node": str, "severity": str, "text": str})

    def _absent(self) -> NoPublicApi:
        return NoPublicApi(
            f"{self._transport.server} has no admin API ({BASE}). Cisco publishes no interface for presence gateways, "
            "their status and restart notifications: on this cluster they are handled in Cisco Unified CM IM and "
            "Presence Administration.",
            details={"server": self._transport.server},
        )


def _portions(userids: Sequence[str]) -> Iterator[list[str]]:
    """Yield the ids in portions that fit into the first line of a request; for none of them one empty portion."""
    portion: list[str] = []
    length = 0
    for userid in userids:
        needed = len(urlencode([("userid", userid)])) + 1
        if portion and (len(portion) == IDS_AT_ONCE or length + needed > LONGEST_QUERY):
            yield portion
            portion, length = [], 0
        portion.append(userid)
        length += needed
    if portion or not userids:
        yield portion


def _redundancy_group(item: Mapping[str, Any]) -> RedundancyGroup:
    nodes = tuple(
        GroupNode(
            str(node["node"]), node.get("state"), node.get("reason"), node.get("users_assigned"), node.get("users_here")
        )
        for node in item["nodes"]
    )
    users = [node.users_assigned for node in nodes if node.users_assigned is not None]
    return RedundancyGroup(
        name=str(item["name"]),
        ha_enabled=bool(item["ha_enabled"]),
        nodes=nodes,
        description=str(item.get("description") or ""),
        users=sum(users) if len(users) == len(nodes) else None,
    )
