# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The users' options for calendar integration (requirements U1 to U3): one user or a hundred thousand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import PAGE_SIZE, SEARCH_TAGS, USER_TAGS, Axl, User
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import unheard
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import Busy, ImpError, InvalidInput
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    OptionSpec,
    ascii_lower,
    check_range,
    check_unique,
    given,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import (
    Change,
    Field,
    Plan,
    Refusal,
    Undeclared,
    compare,
    undeclared,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.words import told_once
from ansible_collections.ucops.imp.plugins.module_utils._formats import bat_file, text_file
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import Entry, saved
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource

KIND = "calendar_user"
FIELDS = tuple(Field(name) for name in USER_TAGS)

READ_OPTIONS: dict[str, OptionSpec] = {
    "query": {"type": "dict", "options": {name: {"type": "str"} for name in SEARCH_TAGS}},
    "concurrency": {"type": "int", "default": 4},
    "page_size": {"type": "int", "default": PAGE_SIZE},
}
"""The options that the module and its info twin share."""

Report = Callable[[str], None]

EVERYBODY = {"userid": "%"}
"""The criteria that select all users."""

ROWS_PER_LOOKUP = 20
"""Looking up one user costs about as much as reading so many in a page."""
TOLD_PROBLEMS = 20
"""So many problems of a file are told; a file with the wrong columns has one in every row."""
LARGEST_PAGE = 1_000_000
TOLD_AT_ONCE = 100
"""After so many users that were read it is told how far that is."""
GIVE_UP_AFTER = 10
"""So many updates in a row that a busy server refused to the last retry; then the others are not tried any more."""


def read_problems(params: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with :data:`READ_OPTIONS`."""
    found = []
    if params["query"] is not None:
        criteria = given(params["query"], SEARCH_TAGS)
        if not criteria:
            found.append("query: give at least one of " + ", ".join(SEARCH_TAGS) + "; userid='%' selects everybody.")
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
    found: dict[str, User] = {}
    for number, user in enumerate(axl.list_users(criteria, params["page_size"]), start=1):
        found[user.userid] = user
        _tell(report, number, "users read")
    return found


def _tell(report: Report, number: int, what: str) -> None:
    if number % TOLD_AT_ONCE == 0:
        report(f"{number:,} {what}")


def count_options(users: Iterable[User]) -> dict[str, int]:
    """Return how many users have each option set."""
    people = list(users)
    return {name: sum(getattr(user, name) for user in people) for name in USER_TAGS}


@dataclass
class Selection:
    """The selected users as they are, and the options that each should have, both by user id as the server writes it.

    ``everybody`` is empty unless users that nobody asked for are to be reported.
    """

    users: dict[str, User]
    wanted: dict[str, dict[str, bool]]
    unknown: list[str] = field(default_factory=list)
    everybody: dict[str, User] = field(default_factory=dict)


class CalendarUsers(Resource[Selection]):
    """The options of the users that a list, a BAT file or a query selects."""

    counted = "users"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.concurrency = context.params["concurrency"]
        self.axl = Axl(context.transport(concurrency=max(1, self.concurrency)))
        self._listed: dict[str, dict[str, bool]] | None = None
        self._lines: dict[str, int] = {}
        self._busy_in_a_row = 0

    # --- what is wanted

    def problems(self) -> list[str]:
        params = self.context.params
        found = read_problems(params)
        if params["max_changes"] < 0:
            found.append(f"max_changes: {params['max_changes']} is negative; 0 means no limit.")
        if params["csv_path"] is not None:
            return found + self._read_file(params["csv_path"])
        if params["users"] is not None:
            found += check_unique("users", (item["userid"] for item in params["users"]), ascii_lower)
            self._listed = {item["userid"]: self._options(item) for item in params["users"]}
            broken = [(userid, said) for userid, options in self._listed.items() if (said := _rule(options))]
            return found + [f"users: {said}" for said in told_once(broken)]
        said = _rule(self._options({}))
        return [*found, f"meeting_information: {said}"] if said else found

    def _options(self, item: Mapping[str, Any]) -> dict[str, bool]:
        """Return the managed options of a user: its own, else those for all, else both of requirement U1."""
        both = {name: self.context.params[name] if item.get(name) is None else item[name] for name in USER_TAGS}
        if both["im_and_presence"] is None:
            both["im_and_presence"] = True
        if both["meeting_information"] is None:
            both["meeting_information"] = both["im_and_presence"]
        return given(both, USER_TAGS)

    def _read_file(self, path: str) -> list[str]:
        """Take the wanted options from a file of users; return what is wrong with it."""
        file = Path(path)
        try:
            content = bat_file.read_bytes(text_file.content(file))
        except OSError as error:
            return [f"csv_path: {path} cannot be read: {error.strerror}."]
        except text_file.NotRead as error:
            return [f"csv_path: {path} cannot be read: {error}"]
        for note in content.notes:
            self.context.warn(f"csv_path: {note}")
        found = [] if content.short else self._contradictions(file)
        self._listed = {user.userid: self._of_row(user) for user in content.users}
        self._lines = {user.userid: user.line for user in content.users}
        told = [f"csv_path: {problem}" for problem in content.problems]
        for userid, line in self._lines.items():
            told += userid_problems(f"csv_path: line {line}", [userid])
            said = _rule(self._listed[userid])
            told += [f"csv_path: line {line}: {said}"] if said else []
        found += told[:TOLD_PROBLEMS]
        more = len(told) - TOLD_PROBLEMS
        return [*found, f"csv_path: {more} more problems."] if more > 0 else found

    def _contradictions(self, file: Path) -> list[str]:
        """Return what does not go with a file of the Bulk Administration Tool, which says all of each user."""
        found = [
            f"{name}: the columns of csv_path say this for each user; leave it out."
            for name in given(self.context.params, USER_TAGS)
        ]
        said = bat_file.name_problem(file.name)
        return [*found, f"csv_path: {said}"] if said else found

    def _of_row(self, user: bat_file.BatUser) -> dict[str, bool]:
        """Return the managed options of a row: what it says, and the task's where it says nothing."""
        row = given(vars(user), USER_TAGS)
        wanted = self._options(row)
        return {name: value for name, value in wanted.items() if name in row or name in user.left_out}

    def _enables_nobody(self) -> bool:
        """Whether the task is about users whose meetings shall not show; an empty list is about everybody's."""
        if self._listed is None:
            return not self._options({})["meeting_information"]
        return bool(self._listed) and not any(item.get("meeting_information") for item in self._listed.values())

    # --- what is there

    def read(self) -> Selection:
        params = self.context.params
        reports = params["report_undeclared"] and not self._enables_nobody()
        report = self.context.progress
        everybody = read_matching(self.axl, {}, params, report) if reports else None
        if self._listed is None:
            criteria = given(params["query"], SEARCH_TAGS)
            selects_all = everybody is not None and criteria == EVERYBODY
            users = dict(everybody or {}) if selects_all else read_matching(self.axl, criteria, params, report)
            if not users:
                self.context.warn("query: no user matches.")
            selection = Selection(users, {userid: self._options({}) for userid in users})
        else:
            listed = read_listed(self.axl, self._listed, params, everybody, report)
            _refuse_one_user_twice(listed)
            users = {user.userid: user for user in listed.values()}
            wanted = {user.userid: self._listed[userid] for userid, user in listed.items()}
            unknown = [userid for userid in self._listed if userid not in listed]
            selection = Selection(users, wanted, unknown)
        selection.everybody = everybody or {}
        self._note_failures(selection)
        return selection

    def _note_failures(self, selection: Selection) -> None:
        """Note the users that cannot be updated, and want nothing of them any more."""
        for userid in selection.unknown:
            text = f"There is no such user in Unified CM.{self._odd_character(userid)}"
            self.context.fail(userid, ImpError(text, code="user-not-found"))
        for userid, options in list(selection.wanted.items()):
            user = selection.users[userid]
            after = {**_fields(user), **options}
            said = _rule(after) if after != _fields(user) else None
            if said:
                self.context.fail(userid, ImpError(said, code="meeting-information-needs-presence"))
                del selection.wanted[userid]

    def _odd_character(self, userid: str) -> str:
        """Say, as a sentence to add, what nobody sees in an id; it may be why there is no such user."""
        said = text_file.invisible(userid)
        if said is None:
            return ""
        where = f"csv_path: line {self._lines[userid]}" if userid in self._lines else "users"
        return f" In the user id ({where}) {said}; take it out."

    def plan(self, state: Selection) -> Plan:
        plan = compare(KIND, {userid: _fields(user) for userid, user in state.users.items()}, state.wanted, FIELDS)
        return plan + self._guard(len(plan))

    def _guard(self, changes: int) -> Plan:
        """Stop before anything is written when more users would change than the caller reckons with."""
        most = self.context.params["max_changes"]
        if not most or changes <= most:
            return Plan()
        text = f"{changes} users would change, more than max_changes allows ({most})."
        if self.context.check_mode:
            return Plan(warnings=(f"{text} Outside of check mode the task fails and changes nothing.",))
        text += " Nothing was changed. Look at the changes in check mode, then raise max_changes."
        return Plan(refusals=(Refusal(text, "too-many-changes", details={"planned": changes, "max_changes": most}),))

    def current(self, state: Selection) -> dict[str, int]:
        return {
            "selected": len(state.users) + len(state.unknown),
            "unknown": len(state.unknown),
            **count_options(state.users.values()),
        }

    def backup(self, state: Selection, plan: Plan) -> list[Entry]:
        return [saved(step, _fields(state.users[step.id])) for step in plan]

    def undeclared(self, state: Selection) -> list[Undeclared]:
        shown = {userid: _fields(user) for userid, user in state.everybody.items() if user.meeting_information}
        return undeclared(KIND, shown, state.users, FIELDS)

    def more_results(self, state: Selection) -> dict[str, Any]:
        return self.context.writing.as_result()

    # --- what is done

    def apply(self, change: Change) -> None:
        if self._busy_in_a_row >= GIVE_UP_AFTER:
            raise Busy("Not tried, because the server stays too busy for updates.", code="not-tried")
        try:
            self.axl.update_user(change.id, {item.name: item.after for item in change.fields})
        except Busy:
            self._busy_in_a_row += 1
            raise
        self._busy_in_a_row = 0

    def still_needed(self, change: Change) -> Change | None:
        user = self.axl.get_user(change.id)
        if user is None:
            return change
        wanted = {change.id: {item.name: item.after for item in change.fields}}
        return next(iter(compare(KIND, {change.id: _fields(user)}, wanted, FIELDS)), None)


def _refuse_one_user_twice(listed: Mapping[str, User]) -> None:
    """Raise :class:`InvalidInput` when the server takes several ids of the list for one user."""
    spellings: dict[str, list[str]] = {}
    for userid, user in listed.items():
        spellings.setdefault(user.userid, []).append(userid)
    problems = [
        f"userid: {' and '.join(map(repr, names))} are one user to Unified CM, {userid!r}; give one of them."
        for userid, names in spellings.items()
        if len(names) > 1
    ]
    if problems:
        raise InvalidInput(problems)


def _fields(user: User) -> dict[str, bool]:
    return {name: getattr(user, name) for name in USER_TAGS}


def _rule(options: Mapping[str, bool]) -> str | None:
    """Return which rule a combination of options breaks; one that is left out breaks none."""
    return bat_file.meeting_problem(*(options.get(name) for name in USER_TAGS))


def read_users_problems(context: Context) -> list[str]:
    """Return what is wrong with the options of the module calendar_users_info."""
    return read_problems(context.params)


def read_users(context: Context) -> dict[str, Any]:
    """Return the results of the module calendar_users_info."""
    params = context.params
    axl = Axl(context.transport(concurrency=params["concurrency"]))
    if params["users"] is None:
        users = read_matching(axl, given(params["query"] or {}, SEARCH_TAGS), params, context.progress)
        unknown = []
    else:
        listed = read_listed(axl, params["users"], params, report=context.progress)
        users = {user.userid: user for user in listed.values()}
        unknown = [userid for userid in params["users"] if userid not in listed]
    return {
        "users": [asdict(user) for user in users.values() if user.meeting_information or not params["enabled_only"]],
        "unknown": unknown,
        "counts": {"selected": len(users), **count_options(users.values())},
    }
