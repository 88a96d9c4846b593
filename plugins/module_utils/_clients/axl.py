# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""AXL, the administrative SOAP interface of the Unified CM publisher: the messages that the collection needs.

Cisco's schema checks the order of elements, so each message is written here once, in that order. The wrapper of a
message is in the namespace of a schema version, its children are in none. The version is asked for once, with the
one operation that answers without it.

A :class:`Axl` may be shared by threads, like its transport.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple
from xml.etree.ElementTree import Element

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl_faults import (
    NOT_FOUND,
    not_now,
    refusal,
)
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl_pages import rows_of_pages
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl_statements import (
    COUNT_SOME_USERS,
    COUNT_USERS,
    GROUPS,
    INCLUDED,
    SELECT_ORIGINS,
    SELECT_USERS,
    USER_COLUMNS,
    LdapDirectory,
    Origin,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    Conflict,
    ImpError,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import ascii_lower
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from ansible_collections.ucops.imp.plugins.module_utils._http.soap import append
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport
from ansible_collections.ucops.imp.plugins.module_utils._product.high_availability import GroupNode, RedundancyGroup
from ansible_collections.ucops.imp.plugins.module_utils._product.releases import SCHEMAS

PATH = "/axl/"
NAMESPACE = "http://www.cisco.com/AXL/API/"

PAGE_SIZE = 5000
"""Rows asked for at once by default. A user with the tags asked for here takes some 300 bytes of the 8 MB."""


class User(NamedTuple):
    """An end user with the options that calendar integration needs (requirement U1), in the order of USER_TAGS.

    A tuple, which is made in a third of the time: a task may read a hundred thousand.
    """

    userid: str
    home_cluster: bool
    im_and_presence: bool
    meeting_information: bool


USER_TAGS = {
    "home_cluster": "homeCluster",
    "im_and_presence": "imAndPresenceEnable",
    "meeting_information": "calendarPresence",
}
"""A user's options and their elements, in the schema's order."""

SEARCH_TAGS = {"first_name": "firstName", "last_name": "lastName", "userid": "userid", "department": "department"}
"""Search criteria for users and their elements, in the schema's order."""

PERSON_TAGS = {
    "first_name": "firstName",
    "last_name": "lastName",
    "mail": "mailid",
    "department": "department",
    "locale": "userLocale",
}
"""What a user is called and belongs to, and the elements, in the schema's order."""

TEMPLATE_TAGS = {
    "home_cluster": "homeCluster",
    "im_and_presence": "imAndUcPresenceEnable",
    "meeting_information": "meetingInformation",
}
"""The same options in a feature group template, in the schema's order."""

ANY_TEXT = "%"
"""The wildcard of search criteria."""
# What else the LIKE or MATCHES of a database may take for a wildcard or, the backslash, for the sign that none follows.
_DOUBTFUL = re.compile(r"[_*?\[\\]")


class Axl:
    """AXL of one cluster."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._version: str | None = None
        self._schema: str | None = None

    @property
    def version(self) -> str:
        """The cluster's full version, for example ``14.0.1.13900-155``."""
        with self._lock:
            if self._version is None:
                request = Element(f"{{{NAMESPACE}1.0}}getCCMVersion")
                answer = self._read("getCCMVersion", self._send(request, {}, write=False))
                self._version = soap.text(answer, "return", "componentVersion", "version").strip()
            return self._version

    @property
    def schema(self) -> str:
        """The newest schema version that both sides speak, for example ``14.0``.

        Raises :class:`ImpError` for a release older than 11.5 and :class:`UnexpectedAnswer` for no version at all.
        """
        if self._schema is None:
            self._schema = self._newest_schema()
        return self._schema

    def _newest_schema(self) -> str:
        found = re.match(r"(\d+)\.(\d+)", self.version)
        if found is None:
            raise UnexpectedAnswer(f"{self._transport.server} does not say its version; it is no Unified CM publisher.")
        release = (int(found[1]), int(found[2]))
        usable = [schema for schema in SCHEMAS if schema <= release]
        if not usable:
            text = f"{self._transport.server} runs Unified CM {self.version}; the collection needs 11.5 or newer."
            raise ImpError(text, code="unsupported-version")
        return "{}.{}".format(*usable[-1])

    @property
    def release(self) -> int:
        """The cluster's major release, at most the newest that the collection knows; raises as :attr:`schema`."""
        return int(self.schema.partition(".")[0])

    def call(self, operation: str, *content: Element, write: bool = False) -> Element:
        """Send one message and return its answer, the element ``<operation>Response``.

        ``content`` are the message's children in the schema's order. Raises :class:`ApiError` for a fault, with its
        ``axlcode`` as ``code``; a ``write`` whose answer got lost raises ``AnswerLost``, anything else is tried again.
        """
        return self._read(operation, self._ask(operation, *content, write=write))

    def _ask(self, operation: str, *content: Element, write: bool = False) -> Answer:
        """Send one message; its answer has still to be read."""
        request = Element(f"{{{NAMESPACE}{self.schema}}}{operation}")
        request.extend(content)
        return self._send(request, {"SOAPAction": f'"CUCM:DB ver={self.schema} {operation}"'}, write=write)

    def _send(self, request: Element, headers: Mapping[str, str], *, write: bool) -> Answer:
        return self._transport.request(
            "POST",
            PATH,
            body=soap.envelope(request),
            headers={"Content-Type": soap.CONTENT_TYPE, **headers},
            idempotent=not write,
            busy=not_now,
        )

    def _read(self, operation: str, answer: Answer) -> Element:
        try:
            content = soap.parse(answer.body)
        except soap.SoapFault as fault:
            raise refusal(fault, answer.status) from None
        except soap.MalformedXml as error:
            raise UnexpectedAnswer(
                f"{self._transport.server} answers HTTP {answer.status} where AXL was expected. {error.message} Check "
                "that hostname is the Unified CM publisher and that its Cisco AXL Web Service is activated.",
                details={"status": answer.status},
            ) from None
        if soap.local_name(content) != f"{operation}Response":
            raise UnexpectedAnswer(f"AXL answered {operation} with <{soap.local_name(content)}>, as no release does.")
        return content

    # --- users

    def get_user(self, userid: str) -> User | None:
        """Return one user, or ``None`` when there is no such user."""
        try:
            answer = self.call("getUser", _leaf("userid", userid), _tags("returnedTags", "userid", *USER_TAGS.values()))
        except Conflict as error:
            if error.code not in NOT_FOUND:
                raise
            return None
        found = soap.find(answer, "return", "user")
        return None if found is None else _user(found)

    def list_users(self, criteria: Mapping[str, str], page_size: int = PAGE_SIZE) -> Generator[User, None, None]:
        """Yield the users that match all ``criteria``, page by page.

        The keys are those of :data:`SEARCH_TAGS`; ``%`` in a value is the only wildcard; no criteria mean everybody.
        """
        search = Element("searchCriteria")
        for name, tag in SEARCH_TAGS.items():
            if name in criteria:
                append(search, tag, criteria[name].replace("\\", ANY_TEXT))
        if not len(search):
            append(search, "userid", ANY_TEXT)
        exact = {SEARCH_TAGS[name]: _pattern(value) for name, value in criteria.items() if _DOUBTFUL.search(value)}
        tags = [tag for tag in SEARCH_TAGS.values() if tag == "userid" or tag in exact]
        content = (search, _tags("returnedTags", *tags, *USER_TAGS.values()))
        for row in self._list("listUser", "user", content, page_size):
            if not exact or all(pattern.fullmatch(soap.text(row, tag).casefold()) for tag, pattern in exact.items()):
                yield _user(row)

    def list_people(self, page_size: int = PAGE_SIZE) -> Iterator[dict[str, str | bool]]:
        """Yield every user with all options and the fields of :data:`PERSON_TAGS`, page by page; unset is ``""``."""
        search = Element("searchCriteria")
        append(search, "userid", ANY_TEXT)
        first, last, *others = PERSON_TAGS.values()
        content = (search, _tags("returnedTags", first, last, "userid", *others, *USER_TAGS.values()))
        for row in self._list("listUser", "user", content, page_size):
            texts = {name: soap.text(row, tag) for name, tag in {"userid": "userid", **PERSON_TAGS}.items()}
            yield {**texts, **{name: _flag(soap.text(row, tag)) for name, tag in USER_TAGS.items()}}

    def update_user(self, userid: str, options: Mapping[str, bool]) -> None:
        """Set some of a user's options (keys of :data:`USER_TAGS`); raises :class:`ApiError` when a rule forbids it."""
        fields = [
            _leaf(tag, "true" if options[name] else "false") for name, tag in USER_TAGS.items() if name in options
        ]
        self.call("updateUser", _leaf("userid", userid), *fields, write=True)

    def select_users(self, condition: str, page_size: int = PAGE_SIZE) -> Generator[User, None, None]:
        """Yield the users for whom an SQL condition over the table ``enduser`` holds, by user id, page by page.

        The condition goes to the server as it is: whoever calls has made sure that it is one (``sql_condition``).
        """
        for row in self._select(SELECT_USERS, condition, page_size):
            flags = {name: _flag(_cell(row, column)) for name, column in USER_COLUMNS.items()}
            yield User(_cell(row, "userid"), **flags)

    def origins(self, condition: str, page_size: int = PAGE_SIZE) -> Iterator[Origin]:
        """Yield where users come from and which mail address they have, those for whom an SQL condition holds."""
        for row in self._select(SELECT_ORIGINS, condition, page_size):
            directory = _uuid(_cell(row, "fkdirectorypluginconfig"))
            yield Origin(_cell(row, "userid"), _cell(row, "mailid").strip(), directory)

    def access_control_groups(self) -> list[str]:
        """Return the names of the access control groups."""
        return [_cell(row, "name") for row in self.sql(GROUPS)]

    def ldap_directories(self) -> list[LdapDirectory]:
        """Return the LDAP directories, each with the options of its feature group template."""
        search = Element("searchCriteria")
        append(search, "name", ANY_TEXT)
        rows = list(
            self._list("listLdapDirectory", "ldapDirectory", (search, _tags("returnedTags", "name")), PAGE_SIZE)
        )
        templates = self._templates() if rows else {}
        found = []
        for row in rows:
            name = soap.text(row, "name")
            wanted = _tags("returnedTags", "featureGroupTemplate")
            answer = self.call("getLdapDirectory", _leaf("name", name), wanted)
            template = soap.text(answer, "return", "ldapDirectory", "featureGroupTemplate").strip()
            options = templates.get(template, {})
            found.append(LdapDirectory(_uuid(row.get("uuid", "")), name, template, options))
        return found

    def _templates(self) -> dict[str, dict[str, bool]]:
        search = Element("searchCriteria")
        append(search, "name", ANY_TEXT)
        content = (search, _tags("returnedTags", "name", *TEMPLATE_TAGS.values()))
        rows = self._list("listFeatureGroupTemplate", "featureGroupTemplate", content, PAGE_SIZE)
        return {
            soap.text(row, "name").strip(): {name: _flag(soap.text(row, tag)) for name, tag in TEMPLATE_TAGS.items()}
            for row in rows
        }

    # --- parameters

    def list_parameters(self, service: str, node: str) -> dict[str, str]:
        """Return the values of a service's parameters by name; ``node`` is a process node or ``EnterpriseWideData``.

        The criteria are patterns to AXL; of what they match, the very service and node count.
        """
        wanted = [ascii_lower(node), ascii_lower(service)]
        search = Element("searchCriteria")
        append(search, "processNodeName", node)
        append(search, "service", service)
        content = (search, _tags("returnedTags", "processNodeName", "name", "service", "value"))
        rows = self._list("listServiceParameter", "serviceParameter", content, PAGE_SIZE)
        return {
            soap.text(row, "name"): soap.text(row, "value")
            for row in rows
            if [ascii_lower(soap.text(row, tag)) for tag in ("processNodeName", "service")] == wanted
        }

    def update_parameter(self, service: str, node: str, name: str, value: str) -> None:
        """Set one parameter. Raises :class:`ApiError` when the cluster does not know it or refuses the value."""
        key = (_leaf("processNodeName", node), _leaf("name", name), _leaf("service", service))
        self.call("updateServiceParameter", *key, _leaf("value", value), write=True)

    # --- nodes

    def process_nodes(self) -> list[dict[str, str]]:
        """Return the cluster's nodes: ``{name, uuid, description, role, usage, ipv6_name}`` in AXL's own words.

        Among them may be ``EnterpriseWideData``, which is not a server.
        """
        search = Element("searchCriteria")
        append(search, "name", "%")
        tags = {
            "name": "name",
            "description": "description",
            "ipv6_name": "ipv6Name",
            "usage": "nodeUsage",
            "role": "processNodeRole",
        }
        rows = self._list("listProcessNode", "processNode", (search, _tags("returnedTags", *tags.values())), PAGE_SIZE)
        return [
            {key: soap.text(row, tag) for key, tag in tags.items()} | {"uuid": row.get("uuid", "").strip("{}").lower()}
            for row in rows
        ]

    def node_services(self) -> list[tuple[str, str, bool]]:
        """Return ``(node, service, activated)`` for every service of every node."""
        search = Element("searchCriteria")
        append(search, "processNodeName", "%")
        content = (search, _tags("returnedTags", "processNodeName", "service", "isActive"))
        rows = self._list("listProcessNodeService", "processNodeService", content, PAGE_SIZE)
        return [
            (soap.text(row, "processNodeName"), soap.text(row, "service"), _flag(soap.text(row, "isActive")))
            for row in rows
        ]

    # --- presence redundancy groups

    def redundancy_groups(self) -> list[RedundancyGroup]:
        """Return the presence redundancy groups; how their nodes stand is not told here."""
        search = Element("searchCriteria")
        append(search, "name", ANY_TEXT)
        tags = ("name", "description", "server1", "server2", "haEnabled", "numUsers")
        # The schema types numUsers as a number.
        returned = _tags("returnedTags", *tags[:-1])
        append(returned, tags[-1], "0")
        rows = self._list("listPresenceRedundancyGroup", "presenceRedundancyGroup", (search, returned), PAGE_SIZE)
        return [_redundancy_group(row) for row in rows]

    def switch_high_availability(self, group: str, *, on: bool) -> None:
        """Switch a group's high availability; raises :class:`ApiError` when the cluster refuses it."""
        # Nothing else goes along. Without haEnabled, by the schema's default, any update would switch it off.
        content = (_leaf("name", group), _leaf("haEnabled", "true" if on else "false"))
        self.call("updatePresenceRedundancyGroup", *content, write=True)

    # --- SQL

    def sql(self, query: str) -> list[dict[str, str]]:
        """Run a ``select`` in the cluster's database and return its rows; an unset column is an empty string."""
        return [_cells(row) for row in _rows(self.call("executeSQLQuery", _leaf("sql", query)), "row")]

    def count_users(self, *, with_meeting_information: bool = False) -> int:
        """Return how many end users there are, or how many of them have meeting information included."""
        return self.count_where(INCLUDED) if with_meeting_information else self._count(COUNT_USERS)

    def count_where(self, condition: str) -> int:
        """Return for how many users an SQL condition over the table ``enduser`` holds."""
        return self._count(COUNT_SOME_USERS.format(condition=condition))

    def _count(self, statement: str) -> int:
        rows = self.sql(statement)
        values = list(rows[0].values()) if len(rows) == 1 else []
        if len(values) != 1 or not values[0].strip().isdecimal():
            raise UnexpectedAnswer("AXL does not answer the count of users with one number.")
        return int(values[0])

    # --- paging

    def _list(self, operation: str, row: str, content: tuple[Element, ...], page_size: int) -> Iterator[Element]:
        """Yield all rows of a list operation, page by page."""
        return self._pages(operation, row, lambda skip, first: (*content, *_range(skip, first)), page_size)

    def _select(self, statement: str, condition: str, page_size: int) -> Iterator[dict[str, str]]:
        """Yield the rows of a statement, page by page."""

        def content(skip: int, first: int) -> tuple[Element, ...]:
            return (_leaf("sql", statement.format(skip=skip, first=first, condition=condition)),)

        return map(_cells, self._pages("executeSQLQuery", "row", content, page_size))

    def _pages(
        self, operation: str, row: str, content: Callable[[int, int], tuple[Element, ...]], page_size: int
    ) -> Iterator[Element]:
        return rows_of_pages(
            row,
            lambda skip, first: self._ask(operation, *content(skip, first)),
            lambda answer: _rows(self._read(operation, answer), row),
            page_size,
        )


def _rows(answer: Element, row: str) -> list[Element]:
    result = soap.find(answer, "return")
    return [] if result is None else list(soap.children(result, row))


def _range(skip: int, first: int) -> tuple[Element, Element]:
    return _leaf("skip", str(skip)), _leaf("first", str(first))


def _pattern(criterion: str) -> re.Pattern[str]:
    """Return what the case-folded field of a row must look like, so that ``%`` alone has been a wildcard.

    Folding goes further than the server does, which is harmless: its own search has chosen the rows already.
    """
    parts = criterion.casefold().split(ANY_TEXT)
    return re.compile(".*".join(map(re.escape, parts)), re.DOTALL)


def _leaf(name: str, value: str) -> Element:
    """Return an unqualified element that holds a text."""
    element = Element(name)
    element.text = value
    return element


def _tags(name: str, *tags: str) -> Element:
    """Return an element with a child for each tag: which fields the answer should have.

    What a child holds means nothing to AXL, but the schema types it; ``t`` is valid for texts and for booleans.
    """
    element = Element(name)
    for tag in tags:
        append(element, tag, "t")
    return element


def _cells(row: Element) -> dict[str, str]:
    return {soap.local_name(column): column.text or "" for column in row}


def _cell(row: Mapping[str, str], column: str) -> str:
    if column not in row:
        raise UnexpectedAnswer(f"AXL answers a statement of SQL without the column {column} that was asked for.")
    return row[column]


def _uuid(text: str) -> str:
    return text.strip().strip("{}").lower()


_SET = ("true", "t", "1")


@lru_cache(maxsize=16)
def _flag(value: str) -> bool:
    """Read AXL's boolean: ``t``, ``true`` or ``1``; an unset one is false."""
    return value.strip().lower() in _SET


def _user(element: Element) -> User:
    texts = soap.texts(element)
    return User(texts.get("userid", ""), *[_flag(texts.get(tag, "")) for tag in USER_TAGS.values()])


def _redundancy_group(row: Element) -> RedundancyGroup:
    servers = [soap.text(row, tag).strip() for tag in ("server1", "server2")]
    users = soap.text(row, "numUsers").strip()
    return RedundancyGroup(
        soap.text(row, "name"),
        _flag(soap.text(row, "haEnabled")),
        tuple(GroupNode(server) for server in servers if server),
        soap.text(row, "description"),
        int(users) if users.isdecimal() else None,
    )
