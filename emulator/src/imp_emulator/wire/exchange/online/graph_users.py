# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of the tenant: everybody with a mailbox.

Source: Microsoft's pages on the resource type user and on listing users.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imp_emulator.domain.exchange import mailboxes
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.pipeline.request import Response
from imp_emulator.wire.exchange.online.graph_call import Call, GraphError, answer, find_mailbox, object_id
from imp_emulator.wire.exchange.online.graph_query import link, whole_number
from imp_emulator.world.context import Context

KIND = "microsoft.graph.user"
_AT_ONCE = 500
MARK = "$skiptoken"
"""The option that tells where a page begins."""


def list_users(context: Context, call: Call) -> Response:
    """Return a page of the users, in the order in which their mailboxes were added."""
    query = call.query
    if query.filter is None and not query.order and not query.skip:
        return _plain_page(context, call)
    chosen = query.chosen(_user(context, mailbox) for mailbox in _everybody(context))
    content: dict[str, Any] = {"@odata.context": call.metadata("users")}
    if query.count:
        content["@odata.count"] = len(chosen)
    following = query.next_link(f"{call.base}/users", len(chosen))
    if following:
        content["@odata.nextLink"] = following
    return answer(call, content | {"value": [query.projected(user, KIND) for user in query.page(chosen)]})


def _plain_page(context: Context, call: Call) -> Response:
    """Return a page without looking at the users of others; the link to the next one tells where it begins."""
    query = call.query
    after = whole_number(query.others.get(MARK, "0"))
    if after is None:
        raise GraphError(400, "Directory_ExpiredPageToken", "The page token is not one of this tenant's.")
    found = mailboxes.mailboxes(context, after, query.top + 1)
    page = found[: query.top]
    content: dict[str, Any] = {"@odata.context": call.metadata("users")}
    if query.count:
        content["@odata.count"] = sum(1 for _ in _everybody(context))
    if len(found) > query.top:
        content["@odata.nextLink"] = link(f"{call.base}/users", {**query.others, MARK: str(page[-1].id)})
    return answer(call, content | {"value": [query.projected(_user(context, one), KIND) for one in page]})


def get_user(context: Context, call: Call) -> Response:
    """Return one user."""
    name = call.path["user"]
    mailbox = find_mailbox(context, name)
    if mailbox is None:
        text = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
        raise GraphError(404, "Request_ResourceNotFound", text)
    user = call.query.projected(_user(context, mailbox), KIND)
    return answer(call, {"@odata.context": call.metadata("users/$entity")} | user)


def _everybody(context: Context) -> Iterator[Mailbox]:
    after = 0
    while found := mailboxes.mailboxes(context, after, _AT_ONCE):
        yield from found
        after = found[-1].id


def _user(context: Context, mailbox: Mailbox) -> dict[str, Any]:
    given, _, surname = mailbox.display_name.rpartition(" ")
    return {
        "businessPhones": [],
        "displayName": mailbox.display_name,
        "givenName": given or None,
        "jobTitle": None,
        "mail": mailbox.address,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": mailbox.language,
        "surname": surname or None,
        "userPrincipalName": mailbox.principal_name,
        "id": object_id(context, mailbox),
    }
