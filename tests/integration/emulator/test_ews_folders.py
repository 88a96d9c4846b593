# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GetFolder, FindFolder and ConvertId."""

from __future__ import annotations

import base64

import pytest

from tests.support.emulator import Emulator
from tests.support.ews import Ews

DISTINGUISHED = (
    "calendar",
    "contacts",
    "deleteditems",
    "drafts",
    "inbox",
    "journal",
    "junkemail",
    "notes",
    "outbox",
    "sentitems",
    "tasks",
)
PATHS = ("ParentFolderId", "FolderClass", "DisplayName", "TotalCount", "ChildFolderCount", "UnreadCount")


def shape(base: str = "AllProperties", *paths: str) -> str:
    more = "".join(f'<t:FieldURI FieldURI="folder:{path}"/>' for path in paths)
    additional = f"<t:AdditionalProperties>{more}</t:AdditionalProperties>" if paths else ""
    return f"<m:FolderShape><t:BaseShape>{base}</t:BaseShape>{additional}</m:FolderShape>"


def get(identifiers: str, shown: str = "") -> str:
    return f"<m:GetFolder>{shown or shape()}<m:FolderIds>{identifiers}</m:FolderIds></m:GetFolder>"


def find(parent: str, traversal: str = "Shallow", view: str = "", shown: str = "") -> str:
    return (
        f'<m:FindFolder Traversal="{traversal}">{shown or shape()}{view}'
        f"<m:ParentFolderIds>{parent}</m:ParentFolderIds></m:FindFolder>"
    )


def distinguished(name: str) -> str:
    return f'<t:DistinguishedFolderId Id="{name}"/>'


def test_each_distinguished_folder_is_there(environment: Emulator) -> None:
    names = ("root", "msgfolderroot", *DISTINGUISHED)
    with Ews(environment) as ews:
        answer = ews.ask(get("".join(map(distinguished, names))))
        assert answer.codes == ["NoError"] * len(names)
        assert answer.texts(".//t:DistinguishedFolderId") == list(names)
        assert answer.texts(".//t:DisplayName")[:3] == ["Root", "Top of Information Store", "Calendar"]
        assert len({found.get("Id") for found in answer.all(".//t:FolderId")}) == len(names)
        calendar = answer.find(".//t:CalendarFolder")
        assert calendar is not None
        assert answer.text(".//t:CalendarFolder/t:FolderClass") == "IPF.Appointment"
        assert answer.text(".//t:CalendarFolder/t:TotalCount") == "0"
        counts = answer.texts(".//t:ChildFolderCount")
        assert counts[:2] == ["1", str(len(DISTINGUISHED))]
        assert set(counts[2:]) == {"0"}


def test_a_folder_is_found_by_its_id_and_by_nothing_else(environment: Emulator) -> None:
    with Ews(environment) as ews:
        found = ews.ask(get(distinguished("calendar"))).find(".//t:FolderId")
        assert found is not None
        identifier = found.get("Id", "")
        assert ews.ask(get(f'<t:FolderId Id="{identifier}"/>')).texts(".//t:DisplayName") == ["Calendar"]
        raw = bytearray(base64.b64decode(identifier))
        raw[-1] ^= 1
        damaged = base64.b64encode(raw).decode()
        for wrong in ("AAMk", "x", identifier[:-4], identifier.swapcase(), damaged, identifier + "AAAA"):
            assert ews.ask(get(f'<t:FolderId Id="{wrong}"/>')).codes == ["ErrorInvalidIdMalformed"], wrong
        assert ews.ask(get('<t:FolderId Id=""/>')).codes == ["ErrorInvalidIdEmpty"]
        assert ews.ask(get("<t:FolderId/>")).codes == ["ErrorSchemaValidation"]
        for name in ("publicfoldersroot", "archiveroot", "voicemail", "Calendar"):
            assert ews.ask(get(distinguished(name))).codes == ["ErrorFolderNotFound"], name


def test_a_shape_says_what_is_shown_and_unknown_paths_fail_nothing(environment: Emulator) -> None:
    with Ews(environment) as ews:

        def shown(asked: str) -> list[str]:
            folder = ews.ask(get(distinguished("inbox"), asked)).find(".//t:Folder")
            assert folder is not None
            return [child.tag.rpartition("}")[2] for child in folder]

        assert shown(shape("IdOnly")) == ["FolderId"]
        assert shown(shape("Default")) == ["FolderId", "DisplayName", "TotalCount", "ChildFolderCount", "UnreadCount"]
        assert shown(shape("IdOnly", *reversed(PATHS))) == ["FolderId", *PATHS]
        assert shown(shape("IdOnly", "PermissionSet", "Nonsense")) == ["FolderId"]
        assert "EffectiveRights" in shown(shape())
        tag = '<t:ExtendedFieldURI PropertyTag="0x3613" PropertyType="String"/>'
        assert shown(shape("IdOnly", "DisplayName").replace("</t:Add", f"{tag}</t:Add")) == ["FolderId", "DisplayName"]
    with Ews(environment, version="Exchange2010_SP2") as ews:
        assert "DistinguishedFolderId" not in shown(shape())


@pytest.mark.parametrize(
    ("parent", "traversal", "expected"),
    [
        ("root", "Shallow", 1),
        ("root", "Deep", 1 + len(DISTINGUISHED)),
        ("msgfolderroot", "Shallow", len(DISTINGUISHED)),
        ("msgfolderroot", "SoftDeleted", 0),
        ("calendar", "Deep", 0),
    ],
)
def test_the_folders_below_one(environment: Emulator, parent: str, traversal: str, expected: int) -> None:
    with Ews(environment) as ews:
        answer = ews.ask(find(distinguished(parent), traversal))
        page = answer.find(".//m:RootFolder")
        assert page is not None
        assert (page.get("TotalItemsInView"), page.get("IncludesLastItemInRange")) == (str(expected), "true")
        assert len(answer.all(".//t:FolderId")) == expected


def test_pages_of_folders(environment: Emulator) -> None:
    with Ews(environment) as ews:

        def page(view: str) -> tuple[list[str], dict[str, str]]:
            answer = ews.ask(find(distinguished("msgfolderroot"), view=view))
            found = answer.find(".//m:RootFolder")
            assert found is not None
            return answer.texts(".//t:DistinguishedFolderId"), {str(k): str(v) for k, v in found.attrib.items()}

        names, attributes = page('<m:IndexedPageFolderView MaxEntriesReturned="4" Offset="0" BasePoint="Beginning"/>')
        assert names == list(DISTINGUISHED[:4])
        assert (attributes["IndexedPagingOffset"], attributes["IncludesLastItemInRange"]) == ("4", "false")
        names, attributes = page('<m:IndexedPageFolderView MaxEntriesReturned="9" Offset="4" BasePoint="Beginning"/>')
        assert names == list(DISTINGUISHED[4:])
        assert attributes["IncludesLastItemInRange"] == "true"
        names, attributes = page('<m:IndexedPageFolderView MaxEntriesReturned="2" Offset="1" BasePoint="End"/>')
        assert names == list(DISTINGUISHED[-3:-1])
        assert (attributes["IndexedPagingOffset"], attributes["IncludesLastItemInRange"]) == ("3", "false")
        names, attributes = page('<m:IndexedPageFolderView MaxEntriesReturned="9" Offset="99" BasePoint="Beginning"/>')
        assert (names, attributes["IndexedPagingOffset"]) == ([], "11")
        names, attributes = page('<m:FractionalPageFolderView Numerator="1" Denominator="2"/>')
        assert names == list(DISTINGUISHED[5:])
        assert (attributes["NumeratorOffset"], attributes["AbsoluteDenominator"]) == ("11", "11")
        broken = '<m:IndexedPageFolderView MaxEntriesReturned="many" Offset="0" BasePoint="Beginning"/>'
        assert ews.ask(find(distinguished("root"), view=broken)).codes == ["ErrorSchemaValidation"]
        nothing = '<m:FractionalPageFolderView Numerator="1" Denominator="0"/>'
        assert ews.ask(find(distinguished("root"), view=nothing)).codes == ["ErrorInvalidFractionalPagingParameters"]
        # With pages of nothing a client would ask for ever.
        empty = '<m:IndexedPageFolderView MaxEntriesReturned="0" Offset="0" BasePoint="Beginning"/>'
        assert ews.ask(find(distinguished("root"), view=empty)).codes == ["ErrorInvalidPagingMaxRows"]


def test_what_cannot_be_looked_for_is_said(environment: Emulator) -> None:
    restriction = '<m:Restriction><t:Exists><t:FieldURI FieldURI="folder:DisplayName"/></t:Exists></m:Restriction>'
    with Ews(environment) as ews:
        assert ews.ask(find(distinguished("root"), view=restriction)).codes == ["ErrorUnsupportedQueryFilter"]
        assert ews.ask(find(distinguished("root"), "Sideways")).codes == ["ErrorSchemaValidation"]
        answer = ews.ask(find(distinguished("nowhere") + distinguished("root")))
        assert answer.codes == ["ErrorFolderNotFound", "NoError"]


def convert(identifier: str, given: str, wanted: str, mailbox: str = "svc-imp@example.com") -> str:
    source = f'<t:AlternateId Format="{given}" Id="{identifier}" Mailbox="{mailbox}"/>'
    return f'<m:ConvertId DestinationFormat="{wanted}"><m:SourceIds>{source}</m:SourceIds></m:ConvertId>'


def test_an_id_goes_from_form_to_form_and_comes_back(environment: Emulator) -> None:
    with Ews(environment) as ews:
        found = ews.ask(get(distinguished("root"))).find(".//t:FolderId")
        assert found is not None
        identifier = found.get("Id", "")
        for form in ("EwsLegacyId", "EwsId", "EntryId", "HexEntryId", "StoreId", "OwaId"):
            there = ews.ask(convert(identifier, "EwsId", form)).find(".//m:AlternateId")
            assert there is not None
            assert (there.get("Format"), there.get("Mailbox")) == (form, "svc-imp@example.com")
            back = ews.ask(convert(there.get("Id", ""), form, "EwsId")).find(".//m:AlternateId")
            assert back is not None
            assert back.get("Id") == identifier
        in_hex = ews.ask(convert(identifier, "EwsId", "HexEntryId")).find(".//m:AlternateId")
        assert in_hex is not None
        assert bytes.fromhex(in_hex.get("Id", "")) == base64.b64decode(identifier)


def test_what_cannot_be_converted(environment: Emulator) -> None:
    with Ews(environment) as ews:
        found = ews.ask(get(distinguished("root"))).find(".//t:FolderId")
        assert found is not None
        # As exchangelib asks when it looks for the server's version.
        assert ews.ask(convert("DUMMY", "EwsId", "EwsId", "DUMMY")).codes == ["ErrorInvalidIdMalformed"]
        for text in ("0", "zz", "\u00e9"):
            assert ews.ask(convert(text, "HexEntryId", "EwsId")).codes == ["ErrorInvalidIdMalformed"]
        unknown = convert(found.get("Id", ""), "EwsId", "EwsId", "nobody@example.com")
        assert ews.ask(unknown).codes == ["ErrorNonExistentMailbox"]
        assert ews.ask(convert("x", "Nonsense", "EwsId")).codes == ["ErrorSchemaValidation"]
        assert ews.ask(convert("x", "EwsId", "Nonsense")).codes == ["ErrorSchemaValidation"]
        public = convert("x", "EwsId", "EwsId").replace("AlternateId", "AlternatePublicFolderId")
        assert ews.ask(public).codes == ["ErrorInvalidOperation"]
