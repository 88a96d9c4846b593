# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Choosing users: from a list, by criteria of AXL, by an access control group or by a condition in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from difflib import get_close_matches
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import (
    PAGE_SIZE,
    SEARCH_TAGS,
    USER_TAGS,
    Axl,
    User,
)
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl_faults import TOO_LARGE
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl_statements import members
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import unheard
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError, InvalidInput, shortened
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    OptionSpec,
    ascii_lower,
    check_range,
    find_name,
    given,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.words import flat
from ansible_collections.ucops.imp.plugins.module_utils._formats import sql_condition
from ansible_collections.ucops.imp.plugins.module_utils._http import soap

Report = Callable[[str], None]

READ_OPTIONS: dict[str, OptionSpec] = {
    "query": {"type": "dict", "options": {name: {"type": "str"} for name in SEARCH_TAGS}},
    "access_control_group": {"type": "str"},
    "sql_where": {"type": "str"},
    "concurrency": {"type": "int", "default": 4},
    "page_size": {"type": "int", "default": PAGE_SIZE},
}
"""The options that the module and its info twin share."""

SEARCHES = ("query", "access_control_group", "sql_where")
"""Those of them that find users at the cluster; one of them at most is given."""

EVERYBODY = {"userid": "%"}
"""The criteria that select all users."""

ROWS_PER_LOOKUP = 20
"""Looking up one user costs about as much as reading so many in a page."""
LARGEST_PAGE = 1_000_000
_LONGEST_SHOWN = 200
"""So many characters of a condition are shown."""
TOLD_AT_ONCE = 100
"""After so many users that were read it is told how far that is."""


def read_problems(params: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with :data:`READ_OPTIONS`."""
    found = []
    if params["query"] is not None:
        criteria = given(params["query"], SEARCH_TAGS)
        if not criteria:
            found.append("query: give at least one of " + ", ".join(SEARCH_TAGS) + "; userid='%' selects everybody.")
    found += [
        f"{name}: it has a character that XML cannot carry."
        for name in ("access_control_group", "sql_where")
        if params[name] is not None and not soap.carries(params[name])
    ]
    if params["access_control_group"] is not None and not params["access_control_group"].strip():
        found.append("access_control_group: it is empty; give the name of a group.")
    if params["sql_where"] is not None:
        found += [f"sql_where: {said}" for said in sql_condition.problems(params["sql_where"])]
    found += check_range("concurrency", params["concurrency"], 1, 32)
    return found + check_range("page_size", params["page_size"], 1, LARGEST_PAGE, "users")


def userid_problems(option: str, userids: Iterable[str]) -> list[str]:
    """Return which user ids no server can have."""
    found = []
    for userid in userids:
        if not userid.strip():
            found.append(f"{option}: userid {userid!r} is empty.")
        elif not soap.carries(userid):
            found.append(f"{option}: userid {userid!r} has a character that XML cannot carry, so no user is called so.")
    return found


def read_listed(
    axl: Axl,
    userids: Iterable[str],
    params: Mapping[str, Any],
    everybody: Mapping[str, User] | None = None,
    report: Report = unheard,
) -> dict[str, User]:
    """Return the users that exist among ``userids``, by the id in this list; ``everybody`` is who was read already.

    A few are looked up one by one, many are picked from pages of all users, whichever is less work. One that no page
    holds is looked up as well, for pages may shift while somebody adds or removes users, and because the server alone
    decides whether it knows somebody by another spelling of an id.
    """
    wanted = list(dict.fromkeys(userids))
    found: dict[str, User] = {}
    if everybody is not None:
        found = _pick(wanted, everybody.values())
    elif wanted and len(wanted) * ROWS_PER_LOOKUP >= axl.count_users():
        found = _pick(wanted, read_matching(axl, {}, params, report).values())
    missing = [userid for userid in wanted if userid not in found]
    with ThreadPoolExecutor(max_workers=params["concurrency"]) as pool:
        for number, user in enumerate(pool.map(axl.get_user, missing), start=1):
            if user is not None:
                found[missing[number - 1]] = user
            _tell(report, number, f"of {len(missing):,} users looked up")
    return {userid: found[userid] for userid in wanted if userid in found}


def _pick(wanted: Sequence[str], people: Iterable[User]) -> dict[str, User]:
    """Return whom of ``people`` the wanted ids mean: the very id, else the only one in other letter case."""
    exact = set(wanted)
    alike: dict[str, dict[str, User]] = {ascii_lower(userid): {} for userid in wanted}
    found: dict[str, User] = {}
    for user in people:
        if user.userid in exact:
            found[user.userid] = user
        if (same := alike.get(ascii_lower(user.userid))) is not None:
            same[user.userid] = user
    for userid in wanted:
        candidates = alike[ascii_lower(userid)]
        if userid not in found and len(candidates) == 1:
            found[userid] = next(iter(candidates.values()))
    return found


def read_matching(
    axl: Axl, criteria: Mapping[str, str], params: Mapping[str, Any], report: Report = unheard
) -> dict[str, User]:
    """Return the users that match all criteria, by user id; all users without criteria."""
    return _collected(axl.list_users(criteria, params["page_size"]), report)


def read_chosen(axl: Axl, params: Mapping[str, Any], report: Report = unheard) -> dict[str, User]:
    """Return the users that one of :data:`SEARCHES` finds, by user id; all users without one.

    Raises :class:`InvalidInput` for a group that is not there, and for a condition that the server cannot carry out.
    """
    if params["access_control_group"] is not None:
        group = _group(axl, params["access_control_group"])
        return _collected(axl.select_users(members(group), params["page_size"]), report)
    if params["sql_where"] is not None:
        try:
            return _collected(axl.select_users(params["sql_where"], params["page_size"]), report)
        except ApiError as error:
            # What Informix says of a statement has its negative numbers.
            if not error.code.startswith("-") or error.code == TOO_LARGE:
                raise
            raise InvalidInput([f"sql_where: Unified CM cannot carry it out: {error.message}"]) from None
    return read_matching(axl, given(params["query"] or {}, SEARCH_TAGS), params, report)


def _group(axl: Axl, wanted: str) -> str:
    """Return the name of an access control group as the cluster writes it."""
    known = axl.access_control_groups()
    found = find_name({name: name for name in known}, wanted)
    if found is None:
        close = get_close_matches(wanted, known, n=1)
        like = f" Is it {close[0]!r}?" if close else ""
        raise InvalidInput([f"access_control_group: Unified CM has no group {wanted!r}.{like}"])
    return found


def nobody(params: Mapping[str, Any]) -> str:
    """Return a sentence for a search that finds no user: what was looked for, and what is often meant by it."""
    option = next(name for name in SEARCHES if params[name] is not None)
    if option == "access_control_group":
        return f"access_control_group: the group {params[option]!r} has no members."
    if option == "sql_where":
        shown = shortened(flat(params[option]), _LONGEST_SHOWN)
        return f"sql_where: no user matches this condition: {shown}. Texts are compared letter by letter."
    criteria = given(params[option], SEARCH_TAGS)
    shown = " and ".join(f"{name} {value!r}" for name, value in criteria.items())
    hint = "" if any("%" in value for value in criteria.values()) else " Only % stands for any text."
    return f"query: no user matches {shown}.{hint}"


def _collected(people: Generator[User, None, None], report: Report) -> dict[str, User]:
    found: dict[str, User] = {}
    # Not left to whoever tidies up: a page that hangs when the work is stopped is given up as long as that lasts.
    with closing(people):
        for number, user in enumerate(people, start=1):
            found[user.userid] = user
            _tell(report, number, "users read")
    return found


def _tell(report: Report, number: int, what: str) -> None:
    if number % TOLD_AT_ONCE == 0:
        report(f"{number:,} {what}")


def count_options(users: Iterable[User]) -> dict[str, int]:
    """Return how many users have each option set."""
    options = Counter(user[1:] for user in users)
    return {name: sum(n for said, n in options.items() if said[at]) for at, name in enumerate(USER_TAGS)}
