# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GetUserConfiguration: the options of Outlook on the web, of which the time zone of a mailbox is told."""

from __future__ import annotations

import pytest

from tests.support.emulator import Emulator
from tests.support.ews import Answer, Ews
from tests.support.ews_subscriptions import MAILBOX, OTHER, mail

__all__ = ["mail"]

ROOT = '<t:DistinguishedFolderId Id="root"/>'


def asked(ews: Ews, properties: str = "All", *, name: str = "OWA.UserOptions", folder: str = ROOT) -> Answer:
    return ews.ask(
        f'<m:GetUserConfiguration><m:UserConfigurationName Name="{name}">{folder}</m:UserConfigurationName>'
        f"<m:UserConfigurationProperties>{properties}</m:UserConfigurationProperties></m:GetUserConfiguration>"
    )


def test_the_time_zone_has_the_name_of_windows_and_follows_the_mailbox(environment: Emulator, mail: Ews) -> None:
    answer = asked(mail)
    assert (answer.codes, answer.texts(".//t:Value")) == (["NoError"], ["timezone", "UTC"])
    assert answer.texts(".//t:Type") == ["String", "String"]
    assert answer.find(".//t:UserConfigurationName[@Name='OWA.UserOptions']/t:FolderId") is not None
    environment.control.change_mailbox(MAILBOX, time_zone="Europe/Berlin")
    assert asked(mail, "Dictionary").texts(".//t:Value") == ["timezone", "W. Europe Standard Time"]


@pytest.mark.parametrize(
    ("properties", "shown"),
    [
        ("All", ["UserConfigurationName", "ItemId", "Dictionary"]),
        ("Id", ["UserConfigurationName", "ItemId"]),
        ("Dictionary", ["UserConfigurationName", "Dictionary"]),
        ("Id Dictionary", ["UserConfigurationName", "ItemId", "Dictionary"]),
        ("XmlData BinaryData", ["UserConfigurationName"]),
    ],
)
def test_what_is_asked_for_is_told(mail: Ews, properties: str, shown: list[str]) -> None:
    found = asked(mail, properties).find(".//m:UserConfiguration")
    assert found is not None
    assert [str(child.tag).partition("}")[2] for child in found] == shown


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "CategoryList"}, "ErrorItemNotFound"),
        ({"folder": '<t:DistinguishedFolderId Id="calendar"/>'}, "ErrorItemNotFound"),
        ({"folder": '<t:DistinguishedFolderId Id="publicfoldersroot"/>'}, "ErrorFolderNotFound"),
        (
            {
                "folder": ROOT[:-2]
                + f"><t:Mailbox><t:EmailAddress>{OTHER}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>"
            },
            "ErrorAccessDenied",
        ),
        ({"folder": ""}, "ErrorSchemaValidation"),
        ({"properties": "Everything"}, "ErrorSchemaValidation"),
    ],
)
def test_what_cannot_be_told(mail: Ews, changes: dict[str, str], code: str) -> None:
    assert asked(mail, **changes).codes == [code]


def test_the_first_versions_do_not_have_it(environment: Emulator, mail: Ews) -> None:
    with Ews(environment, MAILBOX, version="Exchange2007_SP1") as old:
        assert asked(old).codes == ["ErrorIncorrectSchemaVersion"]
