# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions of the console: each makes the call of the control plane that it shows, and shows what was answered."""

from __future__ import annotations

import asyncio
import html
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from imp_emulator.client.control import reason_of
from imp_emulator.console.actions import ACTIONS, Call, carry_out
from imp_emulator.console.views import clusters
from imp_emulator.world.environment import Environment
from tests.support import console_door
from tests.support.console_door import Visitor
from tests.support.console_reader import words_of

FAULT = {
    "kind": "status",
    "status": "503",
    "cluster": "dc1",
    "node": "imp-pub",
    "protocol": "axl",
    "times": "2",
    "skip": "1",
}
NODE = {"cluster": "dc1", "node": "imp-pub"}
AT_NODE = "clusters/dc1/nodes/imp-pub"
CA = "certification-authorities/ca.example.com/requests"

DONE: list[tuple[str, dict[str, str], str, str, Any]] = [
    ("advance-clock", {"amount": "1.5", "unit": "3600"}, "POST", "/clock/advance", {"seconds": 5400.0}),
    ("set-clock", {"now": "2030-05-01T09:00"}, "PUT", "/clock", {"now": "2030-05-01T09:00:00+00:00"}),
    ("freeze-clock", {"frozen": "no"}, "PUT", "/clock", {"frozen": False}),
    ("freeze-clock", {"frozen": "yes"}, "PUT", "/clock", {"frozen": True}),
    ("take-snapshot", {"name": "before"}, "PUT", "/snapshots/before", None),
    ("restore-snapshot", {"name": "before"}, "POST", "/snapshots/before/restore", None),
    ("remove-snapshot", {"name": "before"}, "DELETE", "/snapshots/before", None),
    (
        "inject-fault",
        {**FAULT, "seconds": "", "operation": "", "probability": "50"},
        "POST",
        "/faults",
        {
            "effect": {"kind": "status", "status": 503},
            "cluster": "dc1",
            "node": "imp-pub",
            "protocol": "axl",
            "times": 2,
            "skip": 1,
            "probability": 0.5,
        },
    ),
    ("inject-fault", {"kind": "drop"}, "POST", "/faults", {"effect": {"kind": "drop"}, "probability": 1.0}),
    (
        "inject-fault",
        {"kind": "delay", "seconds": "0.5", "probability": "0"},
        "POST",
        "/faults",
        {"effect": {"kind": "delay", "seconds": 0.5}, "probability": 0.0},
    ),
    ("withdraw-fault", {"id": "1"}, "DELETE", "/faults/1", None),
    ("clear-faults", {}, "DELETE", "/faults", None),
    ("clear-journal", {}, "DELETE", "/journal", None),
    ("begin-outage", {**NODE, "begins": "at_restart"}, "PUT", f"/{AT_NODE}/outage", {"begins": "at_restart"}),
    ("end-outage", NODE, "DELETE", f"/{AT_NODE}/outage", None),
    (
        "take-port",
        {**NODE, "port": "50021", "used_by": "<b>a backup agent"},
        "PUT",
        f"/{AT_NODE}/occupied-ports/50021",
        {"used_by": "<b>a backup agent"},
    ),
    ("release-port", {**NODE, "port": "50021"}, "DELETE", f"/{AT_NODE}/occupied-ports/50021", None),
    ("take-port", {**NODE, "port": "50020", "used_by": ""}, "PUT", f"/{AT_NODE}/occupied-ports/50020", {}),
    (
        "issue-again",
        {"server": "mail1.example.com", "days": "-1"},
        "POST",
        "/exchange-servers/mail1.example.com/certificate",
        {"days": -1},
    ),
    ("change-password", {}, "PUT", "/exchange-account/password", None),
    ("reset", {}, "POST", "/reset", None),
]
REFUSED: list[tuple[str, dict[str, str], str, str, int, str]] = [
    ("issue-request", {"host": "ca.example.com", "id": "7"}, "POST", f"/{CA}/7/issue", 404, "ca.example.com"),
    ("deny-request", {"host": "ca.example.com", "id": "7"}, "POST", f"/{CA}/7/deny", 404, "ca.example.com"),
    ("revoke-request", {"host": "ca.example.com", "id": "x"}, "POST", f"/{CA}/x/revoke", 422, "identifier"),
    ("end-outage", NODE, "DELETE", f"/{AT_NODE}/outage", 404, "not away"),
    ("begin-outage", {**NODE, "begins": "soon"}, "PUT", f"/{AT_NODE}/outage", 422, "begins: "),
    ("take-port", {**NODE, "port": "0"}, "PUT", f"/{AT_NODE}/occupied-ports/0", 422, "1 to 65535"),
    (
        "activate-bulk-job",
        {"cluster": "dc1", "id": "7"},
        "POST",
        "/bulk-jobs/dc1/7/activate",
        404,
        "There is no job 7.",
    ),
    ("stop-bulk-job", {"cluster": "dc1", "id": "x"}, "POST", "/bulk-jobs/dc1/x/stop", 422, "identifier: "),
    ("restore-snapshot", {"name": "never"}, "POST", "/snapshots/never/restore", 404, "there is no 'never'"),
    ("remove-snapshot", {"name": "initial"}, "DELETE", "/snapshots/initial", 422, "initial"),
    # Names that lead elsewhere in a path, and one that is the path of something else: done as shown, and so not at all.
    ("take-snapshot", {"name": ".."}, "PUT", "/snapshots/..", 422, ""),
    ("withdraw-fault", {"id": ".."}, "DELETE", "/faults/..", 422, "fault_id"),
    ("withdraw-fault", {"id": ""}, "DELETE", "/faults/", 307, ""),
    ("take-snapshot", {"name": "a/b?c#d"}, "PUT", "/snapshots/a%2Fb%3Fc%23d", 404, "Not Found"),
    ("take-snapshot", {"name": "<b>é"}, "PUT", "/snapshots/%3Cb%3E%C3%A9", 422, ""),
    ("advance-clock", {"amount": "nan", "unit": "60"}, "POST", "/clock/advance", 422, ""),
    ("advance-clock", {"amount": "1e300", "unit": "60"}, "POST", "/clock/advance", 422, "seconds: "),
    ("set-clock", {"now": "9999-01-01T00:00"}, "PUT", "/clock", 422, "now: "),
    ("inject-fault", {"kind": "error", "code": "<i>none"}, "POST", "/faults", 422, "<i>none"),
    ("inject-fault", {"kind": "unheard-of"}, "POST", "/faults", 422, "effect: "),
]
NOTHING: list[tuple[str, dict[str, str]]] = [
    ("no-such-action", {}),
    ("advance-clock", {}),
    ("advance-clock", {"amount": "soon", "unit": "60"}),
    ("set-clock", {"now": "soon"}),
    ("set-clock", {"now": ""}),
    ("freeze-clock", {}),
    ("withdraw-fault", {}),
    ("inject-fault", {}),
    ("inject-fault", {"kind": "status", "status": "x"}),
    ("inject-fault", {"kind": "drop", "times": "1.5"}),
    ("take-snapshot", {}),
    ("begin-outage", NODE),
    ("take-port", {**NODE, "port": "x"}),
    ("issue-again", {"server": "mail1.example.com", "days": "soon"}),
    ("issue-request", {"host": "ca.example.com"}),
]


def said(answer: str) -> str:
    return html.unescape(words_of(answer))


def test_each_action_makes_the_call_that_it_shows(emulated: Environment, tmp_path: Path) -> None:
    async def use(visitor: Visitor) -> None:
        for action, given, method, path, body in DONE:
            visitor.calls.clear()
            answer = await visitor.client.post(f"/console/do/{action}", data=given)
            ((asked, place, sent),) = visitor.calls
            assert (answer.status_code, asked, place) == (200, method, path), (action, answer.text)
            assert (json.loads(sent) if sent else None) == body, action
            told = said(answer.text)
            assert f"Done. Call of the control plane: {Call(method, path, body)}" in told, action
            assert console_door.TOKEN not in answer.text

    console_door.visit(emulated, tmp_path, use)


def test_what_was_done_is_done(emulated: Environment, tmp_path: Path) -> None:
    before = emulated.clock.timestamp()

    async def use(visitor: Visitor) -> None:
        await visitor.client.post("/console/do/advance-clock", data={"amount": "2", "unit": "86400"})
        assert emulated.clock.timestamp() == pytest.approx(before + 172_800)
        await visitor.client.post("/console/do/inject-fault", data=FAULT)
        (fault,) = emulated.faults.active
        assert (fault.cluster, fault.node, fault.effect.status, fault.skip) == ("dc1", "imp-pub", 503, 1)
        await visitor.client.post("/console/do/reset")
        assert emulated.faults.active == []

    console_door.visit(emulated, tmp_path, use)


def test_what_is_refused_is_shown_with_its_reason(emulated: Environment, tmp_path: Path) -> None:
    async def use(visitor: Visitor) -> None:
        for action, given, method, path, status, why in REFUSED:
            visitor.calls.clear()
            answer = await visitor.client.post(f"/console/do/{action}", data=given)
            assert answer.status_code == 422, (action, given)
            ((asked, place, _),) = visitor.calls
            assert (asked, place) == (method, path)
            told = said(answer.text)
            assert f"Refused ({status}): " in told, (action, told)
            assert why in told, (action, told)
            assert f"{method} {path}" in told
            assert "<b>" not in answer.text
            assert "<i>" not in answer.text

    console_door.visit(emulated, tmp_path, use)


def test_what_makes_no_call_does_nothing(emulated: Environment, tmp_path: Path) -> None:
    async def use(visitor: Visitor) -> None:
        for action, given in NOTHING:
            answer = await visitor.client.post(f"/console/do/{action}", data=given)
            assert answer.status_code == 422, (action, given)
            assert "Nothing was done." in answer.text
        for content in (b"x" * (64 * 1024 + 1), b"frozen=\xff", b"&".join(b"a=1" for _ in range(51))):
            answer = await visitor.client.post("/console/do/freeze-clock", content=content)
            assert (answer.status_code, "Nothing was done." in answer.text) == (422, True)
        assert visitor.calls == []

    console_door.visit(emulated, tmp_path, use)


def test_with_a_script_the_answer_is_a_part_of_the_page(emulated: Environment, tmp_path: Path) -> None:
    async def use(visitor: Visitor) -> None:
        form = {"frozen": "yes", "back": "/console/state?a=b"}
        whole = (await visitor.client.post("/console/do/freeze-clock", data=form)).text
        part = (await visitor.client.post("/console/do/freeze-clock", data=form, headers={"HX-Request": "true"})).text
        assert '<a href="/console/state?a=b">' in whole
        assert "<html" in whole
        assert "<html" not in part
        assert "PUT /clock" in part

    console_door.visit(emulated, tmp_path, use)


def test_actions_are_posted(emulated: Environment, tmp_path: Path) -> None:
    async def use(visitor: Visitor) -> None:
        for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
            answer = await visitor.client.request(method, "/console/do/reset")
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
            assert method == "HEAD" or "This address only takes forms that are sent." in answer.text
        assert visitor.calls == []

    console_door.visit(emulated, tmp_path, use)


def test_nothing_that_answers_is_told() -> None:
    done = asyncio.run(carry_out(Call("GET", "/about"), "http://127.0.0.1:9", "token"))
    assert (done.done, done.status) == (False, 504)
    assert "127.0.0.1" in done.message


def test_the_command_line_quotes_what_is_in_it() -> None:
    command = Call("PUT", "/x", {"words": "it's $HOME"}).curl
    assert command.endswith("""--json '{"words": "it'\\''s $HOME"}' "$URL/x\"""")
    assert "$TOKEN" in command


def test_every_form_has_its_action_and_every_action_its_form() -> None:
    templates = Path(str(resources.files("imp_emulator.console"))) / "templates"
    text = "\n".join(path.read_text(encoding="utf-8") for path in templates.glob("*.html"))
    used = set(re.findall(r"""(?:button|form)\(\s*["']([a-z-]+)["']""", text)) | set(
        re.findall(r"/console/do/([a-z-]+)", text)
    )
    # Those that move users are offered by their names, as far as they can be done.
    used |= set(clusters.MOVES)
    assert used == set(ACTIONS)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ('{"detail": "why"}', "why"),
        (
            '{"detail": [{"loc": ["body", "effect", "status"], "msg": "too small"}, {"loc": ["path"], "msg": "no"}]}',
            "effect.status: too small; : no",
        ),
        ("[]", "[]"),
        ("no JSON", "no JSON"),
        ('{"other": 1}', '{"other": 1}'),
    ],
)
def test_the_reason_is_read_of_the_answer(answer: str, told: str) -> None:
    assert reason_of(answer) == told
