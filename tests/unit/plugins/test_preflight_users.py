# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight's row about mailboxes: for whom there is none, who may not be read, and what nobody knows."""

from __future__ import annotations

from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import Presence
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError, NoPublicApi
from ansible_collections.ucops.imp.plugins.module_utils._preflight.gateways import AdminFacts
from ansible_collections.ucops.imp.plugins.module_utils._preflight.logins import InterfaceAnswer
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import Row
from ansible_collections.ucops.imp.plugins.module_utils._preflight.users import (
    DirectoryFacts,
    UserFacts,
    mailboxes_row,
    origin_rows,
)

from tests.unit.plugins.test_preflight_cluster import interface


def row(*failures: str | None, engines: tuple[str, ...] = ("imp-pub",), error: ImpError | None = None) -> Row:
    users: list[dict[str, Any]] = [
        {
            "userid": f"user{number}",
            "mailbox": f"user{number}@example.com",
            "failure": code and {"code": code, "detail": "", "since": None},
        }
        for number, code in enumerate(failures)
    ]
    facts = AdminFacts([], {}, Presence(users, list(engines)))
    return mailboxes_row(InterfaceAnswer(interface(kind="admin API"), facts, error=error))


def test_everybody_has_a_mailbox() -> None:
    assert (row().result, row().found) == ("ok", "none without on imp-pub")
    # What fails for the sake of a gateway says nothing of a mailbox, nor does a user whom nobody follows yet.
    assert row("trust", None).result == "ok"


def test_those_without_a_mailbox_or_a_right_are_named() -> None:
    found = row("mailbox", "right", "folder")
    assert found.result == "warning"
    assert found.found == (
        "2 without a mailbox: user0 (user0@example.com), user2 (user2@example.com);"
        " 1 without the right: user1 (user1@example.com)"
    )
    assert "Correct the mail addresses" in found.advice
    assert "ucops.imp.exchange_impersonation" in found.advice
    many = row(*["mailbox"] * 8)
    assert many.found.endswith("user4 (user4@example.com) and 3 more")
    assert "impersonation" not in many.advice


def test_what_nobody_knows_is_no_error() -> None:
    stopped = row(engines=())
    assert (stopped.result, stopped.found) == ("unknown", "not known: no Presence Engine runs")
    older = mailboxes_row(InterfaceAnswer(interface(kind="admin API"), AdminFacts([], {})))
    assert (older.result, older.found) == ("unknown", "not known: the admin API does not tell")
    absent = row(error=NoPublicApi("There is none."))
    assert (absent.result, absent.found) == ("unknown", "no interface tells")
    assert "Presence Viewer" in absent.advice
    assert row(error=ImpError("It is down.")).result == "skipped"


def origins(facts: UserFacts | ImpError, error: ImpError | None = None) -> list[Row]:
    return origin_rows(InterfaceAnswer(interface(kind="AXL"), facts, error=error))


def test_users_without_a_mail_address_and_directories_that_undo_are_told() -> None:
    directories = [
        DirectoryFacts("Corporate", "Staff", False, 12),
        DirectoryFacts("Guests", "None", False, 0),
        DirectoryFacts("Bare", "", None, 3),
        DirectoryFacts("Same", "Other", True, 4),
    ]
    mail, template = origins(UserFacts(7, ["a", "b"], directories))
    assert (mail.check, mail.result, mail.found) == ("mail-addresses", "warning", "7 without: a, b and 5 more")
    assert (template.check, template.result) == ("directory-templates", "warning")
    assert template.found == "Staff of Corporate says no, 12 of its users have it"
    mail, template = origins(UserFacts(0, [], directories[2:]))
    assert (mail.result, template.result) == ("ok", "ok")
    assert template.found == "7 of LDAP directories, none undone"


def test_where_nobody_tells_of_users_somebody_has_to_look() -> None:
    refused = ImpError("Column (mailid) not found.")
    assert [row.result for row in origins(refused)] == ["unknown", "unknown"]
    assert [row.result for row in origins(UserFacts(0, [], []), error=refused)] == ["skipped", "skipped"]
