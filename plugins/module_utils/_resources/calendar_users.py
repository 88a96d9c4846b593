# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The users' options for calendar integration (requirements U1 to U3): one user or a hundred thousand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import SEARCH_TAGS, USER_TAGS, Axl, User
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    ApiError,
    Busy,
    ImpError,
    InvalidInput,
    UnexpectedAnswer,
    joined,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    ascii_lower,
    check_unique,
    given,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import (
    Change,
    Field,
    Fields,
    Plan,
    Refusal,
    Undeclared,
    compare,
    undeclared,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.words import counted, told_once
from ansible_collections.ucops.imp.plugins.module_utils._formats import bat_file, text_file
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import Entry, saved
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource
from ansible_collections.ucops.imp.plugins.module_utils._resources.user_origins import (
    ALL_ORIGINS,
    Origins,
    no_mail_sentence,
    read_origins,
    remarks,
    undoing,
)
from ansible_collections.ucops.imp.plugins.module_utils._resources.user_selection import (
    EVERYBODY,
    count_options,
    nobody,
    read_chosen,
    read_listed,
    read_matching,
    read_problems,
    userid_problems,
)

Item = TypeVar("Item")
KIND = "calendar_user"
FIELDS = tuple(Field(name) for name in USER_TAGS)
_OPTIONS = {values: dict(zip(USER_TAGS, values, strict=True)) for values in product((False, True), repeat=3)}
"""All that a user's options can be, made once for a hundred thousand users."""

TOLD_PROBLEMS = 20
"""So many problems of a file are told; a file with the wrong columns has one in every row."""
GIVE_UP_AFTER = 10
"""So many updates in a row that a busy server refused to the last retry; then the others are not tried any more."""


@dataclass
class Selection:
    """The selected users as they are, and the options that each should have, both by user id as the server writes it.

    ``everybody`` is empty unless users that nobody asked for are to be reported. ``failed`` are those of whom it is
    known before the first change that they cannot be as wanted. ``origins`` are those of the users that change.
    """

    users: dict[str, User]
    wanted: dict[str, dict[str, bool]]
    unknown: list[str] = field(default_factory=list)
    everybody: dict[str, User] = field(default_factory=dict)
    failed: int = 0
    origins: Origins = field(default_factory=Origins)

    @cached_property
    def changes(self) -> dict[str, dict[str, bool]]:
        """The options that are not as wanted, by user id, of the users that can be changed.

        Users that are as wanted are left out from the beginning; ``_note_failures`` takes out whom no update can help.
        """
        found = {}
        for userid, wanted in self.wanted.items():
            now = _fields(self.users[userid])
            if not wanted.items() <= now.items():
                found[userid] = {name: value for name, value in wanted.items() if now[name] != value}
        return found


class CalendarUsers(Resource[Selection]):
    """The options of the users that a list, a file or a search selects."""

    counted = "users"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.concurrency = context.params["concurrency"]
        self.axl = Axl(context.transport(concurrency=max(1, self.concurrency)))
        self._listed: dict[str, dict[str, bool]] | None = None
        self._lines: dict[str, int] = {}
        self._busy_in_a_row = 0
        self._origins: Origins | None = None
        self._remarks: dict[str, Any] = {}
        self._failed_before = 0

    # --- what is wanted

    def problems(self) -> list[str]:
        params = self.context.params
        found = read_problems(params)
        if params["max_changes"] < 0:
            found.append(f"max_changes: {params['max_changes']} is negative; 0 means no limit.")
        if params["max_failures"] < 0:
            found.append(f"max_failures: {params['max_failures']} is negative; 0 means no limit.")
        if params["only"] is not None and params["report_undeclared"]:
            found.append("only: leave it out with report_undeclared, for which the whole selection counts.")
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
        selection = self._found(everybody) if self._listed is None else self._of_list(self._listed, everybody)
        selection.everybody = everybody or {}
        self._note_failures(selection)
        if self._origins is None:
            # Once: after the changes nothing differs any more.
            self._failed_before = selection.failed
            self._origins = self._read_origins(selection.changes)
        selection.origins = self._origins
        return selection

    def _read_origins(self, changes: Mapping[str, Mapping[str, bool]]) -> Origins:
        """Return where the users come from that change. It is not worth a failure when the server does not tell."""
        if not changes:
            return Origins()
        try:
            found = read_origins(self.axl, list(changes), self.context.params["page_size"], self.context.progress)
        except (ApiError, UnexpectedAnswer) as error:
            self.context.warn(
                "Which users have no mail address, and whose directory would undo a change, was not told: "
                f"{error.message}"
            )
            return Origins()
        self._remarks = {"remarks": remarks(found, changes)}
        return found

    def _found(self, everybody: Mapping[str, User] | None) -> Selection:
        """Return the users that a search finds."""
        params, report = self.context.params, self.context.progress
        selects_all = everybody is not None and given(params["query"] or {}, SEARCH_TAGS) == EVERYBODY
        users = dict(everybody or {}) if selects_all else read_chosen(self.axl, params, report)
        if not users:
            self.context.warn(nobody(params))
        if params["only"] is not None:
            users = self._narrowed(users)
        return Selection(users, dict.fromkeys(users, self._options({})))

    def _of_list(self, listed: Mapping[str, Mapping[str, bool]], everybody: Mapping[str, User] | None) -> Selection:
        """Return the users of a list or a file."""
        params = self.context.params
        if params["only"] is not None:
            listed = self._narrowed(listed)
        found = read_listed(self.axl, listed, params, everybody, self.context.progress)
        _refuse_one_user_twice(found)
        users = {user.userid: user for user in found.values()}
        wanted = {user.userid: dict(listed[userid]) for userid, user in found.items()}
        return Selection(users, wanted, [userid for userid in listed if userid not in found])

    def _narrowed(self, selected: Mapping[str, Item]) -> dict[str, Item]:
        """Return those of the selection whom the task is to manage; warn when that is nobody."""
        only = {ascii_lower(userid) for userid in self.context.params["only"]}
        found = {userid: item for userid, item in selected.items() if ascii_lower(userid) in only}
        if only and selected and not found:
            self.context.warn("only: the selection has none of these users.")
        return found

    def _note_failures(self, selection: Selection) -> None:
        """Note the users that cannot be updated, and want nothing of them any more."""
        selection.failed = len(selection.unknown)
        for userid in selection.unknown:
            text = f"There is no such user in Unified CM.{self._odd_character(userid)}"
            self.context.fail(userid, ImpError(text, code="user-not-found"))
        for userid, changes in list(selection.changes.items()):
            said = _rule({**_fields(selection.users[userid]), **changes})
            if said:
                self.context.fail(userid, ImpError(said, code="meeting-information-needs-presence"))
                del selection.changes[userid]
                selection.failed += 1

    def _odd_character(self, userid: str) -> str:
        """Say, as a sentence to add, what nobody sees in an id; it may be why there is no such user."""
        said = text_file.invisible(userid)
        if said is None:
            return ""
        where = f"csv_path: line {self._lines[userid]}" if userid in self._lines else "users"
        return f" In the user id ({where}) {said}; take it out."

    def plan(self, state: Selection) -> Plan:
        changes = state.changes
        plan = compare(KIND, {userid: _fields(state.users[userid]) for userid in changes}, changes, FIELDS)
        return plan + self._guard(state, len(plan)) + self._remarkable(state)

    def _guard(self, state: Selection, changes: int) -> Plan:
        """Stop before anything is written when more changes or fails than the caller reckons with."""
        most, failures = self.context.params["max_changes"], self.context.params["max_failures"]
        text, refusal = "", None
        if most and changes > most:
            details = {"planned": changes, "max_changes": most}
            text = f"{changes} users would change, more than max_changes allows ({most})."
            advice = "Look at the changes in check mode, then raise max_changes."
            refusal = Refusal(f"{text} Nothing was changed. {advice}", "too-many-changes", details=details)
        elif failures and changes and state.failed >= failures:
            details = {"failed": state.failed, "max_failures": failures}
            text = f"{counted(state.failed, 'user')} cannot be as wanted, and max_failures is {failures}."
            said = joined(told_once((one["id"], one["message"]) for one in self.context.failures), "and {} more.", 3)
            advice = "Correct the selection, or raise max_failures."
            refusal = Refusal(f"{text} Nothing was changed. {said} {advice}", "too-many-failures", details=details)
        if refusal is None:
            return Plan()
        if self.context.check_mode:
            return Plan(warnings=(f"{text} Outside of check mode the task fails and changes nothing.",))
        return Plan(refusals=(refusal,))

    def _remarkable(self, state: Selection) -> Plan:
        """Warn of changes that do not reach what they are meant for, or that something undoes."""
        if not state.origins.users:
            return Plan()
        changes = state.changes
        shown = [userid for userid, options in changes.items() if options.get("meeting_information")]
        nameless = state.origins.without_mail(shown)
        said = [found.sentence for found in undoing(state.origins, changes)]
        return Plan(warnings=tuple([no_mail_sentence(nameless), *said] if nameless else said))

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
        return {**self.context.writing.as_result(), **self._remarks}

    # --- what is done

    def apply(self, change: Change) -> None:
        if self._busy_in_a_row >= GIVE_UP_AFTER:
            raise Busy("Not tried, because the server stays too busy for updates.", code="not-tried")
        if self._failed_too_often():
            text = f"Not tried, because max_failures ({self.context.params['max_failures']}) is reached."
            raise ImpError(text, code="not-tried")
        try:
            self.axl.update_user(change.id, {item.name: item.after for item in change.fields})
        except Busy:
            self._busy_in_a_row += 1
            raise
        self._busy_in_a_row = 0

    def _failed_too_often(self) -> bool:
        most = self.context.params["max_failures"]
        return bool(most) and self._failed_before + self.context.counter.failed >= most

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


def _fields(user: User) -> Fields:
    return _OPTIONS[user[1:]]


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
        users = read_chosen(axl, params, context.progress)
        unknown = []
    else:
        listed = read_listed(axl, params["users"], params, report=context.progress)
        users = {user.userid: user for user in listed.values()}
        unknown = [userid for userid in params["users"] if userid not in listed]
    shown = [user._asdict() for user in users.values() if user.meeting_information or not params["enabled_only"]]
    counts = {"selected": len(users), **count_options(users.values())}
    if params["origins"]:
        counts |= _with_origins(axl, context, shown)
    return {"users": shown, "unknown": unknown, "counts": counts}


def _with_origins(axl: Axl, context: Context, listed: list[dict[str, Any]]) -> dict[str, int]:
    """Add to each user the mail address and the LDAP directory; return how many are remarkable."""
    userids = [user["userid"] for user in listed]
    found = read_origins(axl, userids, context.params["page_size"], context.progress, ALL_ORIGINS)
    for user in listed:
        origin, directory = found.users.get(user["userid"]), found.directory(user["userid"])
        user["mail"] = origin.mail if origin else ""
        user["ldap_directory"] = directory.name if directory else None
        user["feature_group_template"] = directory.template or None if directory else None
    return {
        "without_mail": sum(not user["mail"] for user in listed),
        "ldap_synchronized": sum(user["ldap_directory"] is not None for user in listed),
    }
