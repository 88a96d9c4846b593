# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mailbox that is moved: who holds ids that were given out before goes on with the copy that was left behind."""

from __future__ import annotations

from tests.support.emulator import Emulator
from tests.support.ews import Answer, Ews
from tests.support.ews_subscriptions import (
    MAILBOX,
    OTHER,
    delete,
    events,
    get_events,
    last_watermark,
    mail,
    meeting,
    pull_request,
    push_request,
    rename,
    request,
    subscribed,
    unsubscribe,
)
from tests.support.push_listener import listening

__all__ = ["mail"]

DISTINGUISHED = '<t:DistinguishedFolderId Id="calendar"/>'


def calendar_id(ews: Ews) -> str:
    answer = ews.ask(
        "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
        f"<m:FolderIds>{DISTINGUISHED}</m:FolderIds></m:GetFolder>"
    )
    folder = answer.find(".//t:FolderId")
    assert folder is not None
    return folder.get("Id", "")


def of_id(identifier: str) -> str:
    return f'<t:FolderId Id="{identifier}"/>'


def find(ews: Ews, folder: str) -> Answer:
    return ews.ask(
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>'
        '<t:FieldURI FieldURI="item:Subject"/><t:FieldURI FieldURI="item:ParentFolderId"/></t:AdditionalProperties>'
        '</m:ItemShape><m:CalendarView StartDate="2030-01-01T00:00:00Z" EndDate="2030-01-08T00:00:00Z"/>'
        f"<m:ParentFolderIds>{folder}</m:ParentFolderIds></m:FindItem>"
    )


def get(ews: Ews, item: str) -> Answer:
    return ews.ask(
        "<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"
        f'<m:ItemIds><t:ItemId Id="{item}"/></m:ItemIds></m:GetItem>'
    )


def subjects(answer: Answer) -> list[str]:
    assert answer.codes == ["NoError"], answer.response.text
    return answer.texts(".//t:Subject")


def pull_of(folder: str) -> str:
    return request("Pull", "<t:Timeout>1440</t:Timeout>", folders=f"<t:FolderIds>{folder}</t:FolderIds>")


def test_old_ids_lead_to_the_copy_and_the_address_to_the_mailbox(environment: Emulator, mail: Ews) -> None:
    item, old = meeting(mail), calendar_id(mail)
    before = environment.control.mailbox(MAILBOX)
    assert environment.control.move_mailbox(MAILBOX) == before
    new = calendar_id(mail)
    assert new != old
    found = find(mail, DISTINGUISHED)
    copied = found.all(".//t:ItemId")[0].get("Id", "")
    assert (subjects(found), copied == item) == (["Planning"], False)
    rename(mail, copied, "Elsewhere")
    assert subjects(find(mail, DISTINGUISHED)) == subjects(find(mail, of_id(new))) == ["Elsewhere"]
    left = find(mail, of_id(old))
    assert subjects(left) == subjects(get(mail, item)) == ["Planning"]
    for answer in (left, get(mail, item)):
        assert [folder.get("Id") for folder in answer.all(".//t:ParentFolderId")] == [old]
    delete(mail, copied)
    assert subjects(find(mail, of_id(old))) == ["Planning"]
    assert subjects(find(mail, of_id(new))) == []


def test_subscriptions_go_on_and_are_told_nothing(environment: Emulator, mail: Ews) -> None:
    old = calendar_id(mail)
    with listening() as listener:
        push, _ = subscribed(mail.ask(push_request(listener.url, minutes=30)))
        listener.next()
        pull, watermark = subscribed(mail.ask(pull_of(of_id(old))))
        environment.control.move_mailbox(MAILBOX)
        meeting(mail)
        environment.control.advance(1800)
        assert listener.next().events == ["StatusEvent"]
        nothing = get_events(mail, pull, watermark)
        assert events(nothing) == ["StatusEvent"]
        again, since = subscribed(mail.ask(pull_of(of_id(old))))
        fresh, start = subscribed(mail.ask(pull_request()))
        meeting(mail)
        assert events(get_events(mail, again, since)) == ["StatusEvent"]
        assert events(get_events(mail, fresh, start))[:1] == ["CreatedEvent"]
        assert get_events(mail, fresh, last_watermark(nothing)).codes == ["ErrorInvalidWatermark"]
        for subscription in (push, pull, again):
            assert unsubscribe(mail, subscription).codes == ["NoError"]
        assert listener.received.empty()


def test_the_copy_is_open_to_who_may_act_for_the_mailbox_alone(environment: Emulator, mail: Ews) -> None:
    item, old = meeting(mail), calendar_id(mail)
    environment.control.move_mailbox(MAILBOX)
    with Ews(environment, OTHER) as other:
        assert find(other, of_id(old)).codes == ["ErrorAccessDenied"]
        assert get(other, item).codes == ["ErrorAccessDenied"]
        assert other.ask(pull_of(of_id(old))).codes == ["ErrorAccessDenied"]
        assert find(other, DISTINGUISHED).codes == ["NoError"]
    environment.control.impersonation(allowed=False)
    assert find(mail, of_id(old)).codes == ["ErrorImpersonateUserDenied"]


def test_a_move_is_part_of_snapshots_and_undone_by_a_reset(environment: Emulator, mail: Ews) -> None:
    control, old = environment.control, calendar_id(mail)
    control.snapshot("before")
    control.move_mailbox("USER0001@example.com")
    control.snapshot("after")
    moved = calendar_id(mail)
    listed = [mailbox["address"] for mailbox in control.mailboxes()]
    assert len(listed) == len(set(listed)) == 1001
    for name, expected in (("before", old), ("after", moved)):
        control.restore(name)
        assert calendar_id(mail) == expected
    control.reset()
    control.impersonation(allowed=True)
    assert calendar_id(mail) == old
