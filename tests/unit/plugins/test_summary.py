# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run did: same changes together, each failure with what to do, no secret; the estimate and the ticket."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.plugin_utils._screens import figures
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.figures import about, duration, estimate
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.findings import (
    Part,
    left_to_console,
    part_of,
    users_of,
)
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.summary import (
    Console,
    Summary,
    next_steps,
    screen,
    sentences,
)
from ansible_collections.ucops.imp.plugins.plugin_utils._screens.ticket import markdown

BEGUN = datetime(2026, 11, 2, 21, 0, 0, tzinfo=timezone(timedelta(hours=1)))
BOTH = ("imp1", "imp2")


def field(name: str, before: Any, after: Any, secret: bool = False) -> dict[str, Any]:
    return {"name": name, "before": before, "after": after, "secret": secret}


def change(kind: str, identifier: str, action: str, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "id": identifier, "action": action, "fields": list(fields)}


def result(*changes: dict[str, Any], **more: Any) -> tuple[str, dict[str, Any]]:
    return "", {"changes": list(changes), "failures": [], **more}


def part(name: str, *results: tuple[str, dict[str, Any]], failed: tuple[str, ...] = (), why: str = "") -> Part:
    return part_of(name, results, failed, why)


def summary(*parts: Part, check: bool = False, minutes: int = 7) -> Summary:
    """Return the summary of a run; in check mode with its estimate, for which nothing is known."""
    steps = tuple(estimate(parts, 20.0, {})) if check else ()
    ended = BEGUN + timedelta(minutes=minutes)
    return Summary("headquarters", "imp1.example.com", check, BEGUN, ended, "ada on desk", parts, steps)


def shown(told: Summary, width: int = 100) -> str:
    return "\n".join(screen(told, width))


USERS = [
    change("calendar_user", f"user{number}", "update", field("im_and_presence", False, True)) for number in range(3267)
]
ROOT = [
    change("trust_certificate", f"{node}:0debe3", "create", field("subject", None, "CN=Root,O=Example"))
    for node in BOTH
]
RESTARTS = [
    change("service", f"{node}:{name}", "restart", field("restart_required", True, False))
    for node in BOTH
    for name in ("Cisco Presence Engine", "Cisco SIP Proxy")
]
TIMEOUT = change("calendaring_parameter", "exchange_timeout", "update", field("value", 3, 5))
CREDENTIALS = change(
    "gateway_credentials", "shared", "create", field("account", None, "svc"), field("password", None, "hunter2", True)
)


def test_the_same_change_of_many_objects_is_one_row() -> None:
    told = shown(
        summary(
            part("trust", result(*ROOT)),
            part("calendar_users", result(*USERS, current={"selected": 20000})),
            part("presence_engine", result(*RESTARTS)),
            part("calendaring", result()),
        )
    )
    assert "headquarters: 3,273 changes\nimp1.example.com, 21:00:00 to 21:07:00, 7 min" in told
    rows = [line for line in told.splitlines() if "  " in line]
    assert rows[1].split("  ")[0::1][0] == "2 trust certificates added"
    assert "CN=Root,O=Example on imp1, imp2" in told
    assert "3,267 users changed         user0, user1, user2 and 3,264 more" in told
    assert "4 services restarted        Cisco Presence Engine, Cisco SIP Proxy on imp1, imp2" in told
    assert "calendar users  16,733 users as declared" in told
    assert "calendaring     as declared" in told
    assert told.endswith("NEXT\n1. Nothing. Another run changes nothing.")


def test_what_failed_for_one_reason_is_one_row_with_what_to_do() -> None:
    failures = [{"id": f"nobody{number}", "code": "x", "message": "No such user. Create it."} for number in range(5)]
    told = summary(
        part("calendar_users", result(*USERS[:1], failures=failures, failed=True, current={"selected": 8})),
        part("presence_gateways", why="left out, because trust failed"),
    )
    lines = shown(told)
    assert "headquarters: 1 of 1 part failed" in lines
    assert lines.count("No such user. Create it.") == 1
    assert "nobody0, nobody1, nobody2 and 2 more" in lines
    assert "presence gateways  left out, because trust failed" in lines
    assert "calendar users     2 users as declared" in lines
    assert "run the same command again" in lines
    assert "--limit imp1.example.com" in lines


def test_parts_that_failed_for_one_reason_are_one_row() -> None:
    """A wrong password fails every part of its endpoint."""
    refused = "", {"failed": True, "msg": "imp1 refuses the account.", "failures": []}
    parts = [part(name, refused) for name in ("presence_gateways", "presence_engine", "gateway_status")]
    told = summary(*parts)
    assert shown(told).count("imp1 refuses the account.") == 1
    assert markdown(told).count("imp1 refuses the account.") == 1
    assert "| presence gateways, presence engine, gateway status |" in markdown(told)


def test_users_that_are_refused_alike_are_one_row_though_each_is_named() -> None:
    refusals = [{"id": f"user{one}", "message": f"There is no user{one} in Unified CM."} for one in range(30)]
    failed = part("calendar_users", ("", {"failed": True, "msg": "30 failed", "failures": refusals}))
    assert [failure.message for failure in failed.failures] == ["There is no <name> in Unified CM."]
    assert len(failed.failures[0].ids) == 30


def test_a_failure_that_no_result_tells_is_told_by_its_message() -> None:
    gone = part("trust", failed=("The authority does not answer. Start it.",))
    assert "trust   The authority does not answer. Start it." in shown(summary(gone))
    # A result of a module tells more than the task that sums up.
    known = part("trust", result(failed=True, msg="imp1: no connection"), failed=("trust: imp1: no connection",))
    assert [failure.message for failure in known.failures] == ["imp1: no connection"]


def test_a_gateway_that_is_not_verified_is_told_with_its_advice() -> None:
    row = {"name": "mail2", "checked": True, "verified": False, "reachability": "pingable", "verification": "No chain"}
    rows = [{**row, "advice": "Trust it."}, {**row, "name": "mail1", "verified": True}]
    failed = part("gateway_status", result(status=rows), failed=("1 not verified.",))
    assert failed.failures[0].ids == ("mail2",)
    assert "pingable, No chain. Trust it." in shown(summary(failed))
    accepted = summary(part("gateway_status", result(status=rows)))
    assert "1 of 2 gateways verified; not verified: mail2" in shown(accepted)
    assert "ucops.imp.gateway_status" in next_steps(accepted)[0]


@pytest.mark.parametrize(
    ("engine", "left"),
    [
        (part("presence_engine", result(*RESTARTS)), ""),
        (part("presence_engine", why="not selected by the tags of this run"), "(Cisco Presence Engine)"),
        (part("presence_engine", result(failed=True, msg="no connection")), "(Cisco Presence Engine)"),
        (
            part(
                "presence_engine",
                result(failed=True, failures=[{"id": "imp2:Cisco Presence Engine", "message": "It does not start."}]),
            ),
            "(Cisco Presence Engine)",
        ),
    ],
)
def test_a_restart_that_is_still_due_is_told(engine: Part, left: str) -> None:
    needs = part("trust", result(*ROOT, restart_required=["Cisco Presence Engine"]))
    steps = " ".join(next_steps(summary(needs, engine)))
    assert ("ucops.imp.presence_engine" in steps) == bool(left)
    assert left in steps


def test_a_check_tells_restarts_users_and_time() -> None:
    told = [{"nodes": ["IMP1"], "users": 8000}, {"nodes": ["imp2"], "users": 200}, {"nodes": ["imp3"], "users": 9}]
    checked = summary(
        part("trust", result(*ROOT)),
        part("calendar_users", result(*USERS)),
        part("presence_engine", result(*RESTARTS, users_assigned=told)),
        check=True,
    )
    lines = shown(checked)
    assert "check, nothing was written: 3,273 changes" in lines
    assert "3,267 users to be changed" in lines
    assert "imp1              Cisco Presence Engine, Cisco SIP Proxy" in lines
    assert "Users on these nodes now: 8,200, and 3,267 that this run enables before." in " ".join(lines.split())
    assert "Users that would get other settings: 3,267." in lines
    # 20 s, 3,267 / 15, 4 * 120, 2 * 2
    assert "The run takes about 13 min." in lines
    assert "3,267 users 4 min assumed: 15 a second" in " ".join(lines.split())
    assert next_steps(checked) == ["Run the same command without --check in a maintenance window."]


@pytest.mark.parametrize(
    ("now", "enabled", "told"), [(0, 1000, "will be 10:"), (0, 0, ""), (950, 50, ""), (900, 1, "10:")]
)
def test_a_check_tells_the_spread_for_the_users_that_the_run_leaves(now: int, enabled: int, told: str) -> None:
    """The module counts those of now, which a check does not change."""
    users = [
        change("calendar_user", f"user{one}", "update", field("meeting_information", False, True))
        for one in range(enabled)
    ]
    said = " ".join(
        sentences(
            summary(
                part("calendar_users", result(*users)),
                part("calendaring", result(TIMEOUT, assigned_users=now)),
                check=True,
            )
        )
    )
    assert ("calendar_spread" in said) == bool(told)
    assert told in said


def test_users_of_a_node_that_nobody_tells_are_not_guessed() -> None:
    restarts = {"imp1": ["Cisco Presence Engine"], "imp2": ["Cisco Presence Engine"]}
    both = part("presence_engine", result(*RESTARTS, users_assigned=[{"nodes": [*BOTH], "users": 500}]))
    one = part("presence_engine", result(*RESTARTS, users_assigned=[{"nodes": ["imp1"], "users": 500}]))
    assert (users_of(restarts, [both]), users_of(restarts, [one])) == (500, None)
    assert "is not known" in " ".join(sentences(summary(one, check=True)))


def test_the_figures_of_the_last_run_come_before_assumptions(tmp_path: Path) -> None:
    path = figures.beside(str(tmp_path / "kept" / "dc1.json"))
    assert path == tmp_path / "kept" / "dc1.figures.json"
    assert figures.read(path) == {}
    done = [
        part("calendar_users", result(*USERS, elapsed=326.7)),
        part("presence_engine", result(*RESTARTS, elapsed=600.0)),
    ]
    figures.write(path, figures.taken(done, {}, "2026-11-02T21:07:00+01:00"))
    known = figures.read(path)
    steps = {step.what: step for step in estimate(done, 20.0, known)}
    assert steps["3,267 users"].seconds == pytest.approx(326.7)
    assert steps["4 restarts"].basis == "last time 4 restarts took 10 min (2026-11-02)"
    # A handful of users tells nothing of thousands, and a part without a change nothing at all.
    few = [part("calendar_users", result(*USERS[:5], elapsed=9.0)), part("presence_engine", result(elapsed=0.0))]
    assert figures.taken(few, known, "later") == known


@pytest.mark.parametrize("hidden", [0o022, 0o077])
def test_a_written_file_has_the_rights_that_the_user_gives_to_new_files(tmp_path: Path, hidden: int) -> None:
    before = os.umask(hidden)
    try:
        figures.replace_text(tmp_path / "ticket.md", "done")
    finally:
        os.umask(before)
    assert (tmp_path / "ticket.md").stat().st_mode & 0o777 == 0o666 & ~hidden


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 2}', '{"format": 1, "figures": {"calendar_users": {"changes": 0}}}', "\udc80"]
)
def test_figures_that_nobody_understands_are_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dc1.figures.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert figures.read(path) == {}


@pytest.mark.parametrize(
    ("seconds", "exact", "estimated"),
    [
        (0.2, "0 s", "about 10 s"),
        (29, "29 s", "about 30 s"),
        (59.7, "1 min", "about 1 min"),
        (449, "7 min 29 s", "about 8 min"),
        (7799, "2 h 10 min", "about 2 h 10 min"),
    ],
)
def test_times_as_people_tell_them(seconds: float, exact: str, estimated: str) -> None:
    assert (duration(seconds), about(seconds)) == (exact, estimated)


def test_the_ticket_has_every_change_before_and_after_and_no_secret() -> None:
    told = summary(
        part("presence_gateways", result(CREDENTIALS)),
        part("calendar_users", result(*USERS)),
        part(
            "calendaring", result(change("calendaring_parameter", "exchange_timeout", "update", field("value", 3, 5)))
        ),
        part("presence_engine", result(*RESTARTS)),
        part("trust", result(failed=True, msg="imp1 | no connection\n**bold**")),
    )
    text = markdown(told)
    assert "hunter2" not in text + shown(told)
    assert "|  |  | password | not set | (hidden) |" in text
    assert "| calendaring parameter changed: exchange\\_timeout |  | value | 3 | 5 |" in text
    assert "| 3,267 users changed: user0, " in text
    assert "user49 and 3,217 more |  | im\\_and\\_presence | no | yes |" in text
    assert "| Begun | 2026-11-02 21:00:00 +0100 |" in text
    assert "| Ended | 2026-11-02 21:07:00 +0100 (7 min) |" in text
    assert "| By | ada on desk |" in text
    assert "| imp2 | Cisco Presence Engine, Cisco SIP Proxy |" in text
    assert "| trust |  | imp1 \\| no connection \\*\\*bold\\*\\* |" in text


def test_the_ticket_of_a_check_says_what_is_planned() -> None:
    text = markdown(summary(part("presence_engine", result(*RESTARTS)), check=True))
    assert "## Planned restarts" in text
    assert "| 4 restarts | about 8 min | assumed: 120 s each |" in text


def test_a_clean_run_says_so() -> None:
    clean = summary(part("trust", result()))
    assert clean.verdict == "everything is as declared"
    assert replace(clean, parts=()).verdict == "no part was run"
    some = summary(part("trust", result()), part("calendaring", why="not selected by the tags of this run"))
    assert some.verdict == "nothing to change, 1 of 2 parts run"


def test_a_node_whose_name_is_an_ipv6_address_is_a_node() -> None:
    restart = change("service", "2001:db8::1:Cisco Presence Engine", "restart")
    engine = part("presence_engine", result(restart))
    assert summary(engine).restarts == {"2001:db8::1": ["Cisco Presence Engine"]}
    failure = {"id": "2001:db8::1:Cisco Presence Engine", "message": "It does not start."}
    failed = part("presence_engine", result(failed=True, failures=[failure]))
    needs = part("trust", result(restart_required=["Cisco Presence Engine", "Cisco SIP Proxy"]))
    assert "(Cisco Presence Engine)" in " ".join(next_steps(summary(needs, failed)))


def test_what_was_not_seen_is_not_told_as_well() -> None:
    """No status, a gateway beyond those that the product checks, a selection of nobody."""
    unread = part("gateway_status", result(failed=True, msg="no connection"))
    assert "LEFT ALONE" not in shown(summary(unread))
    row = {"name": "mail1", "checked": True, "verified": True}
    many = part("gateway_status", result(status=[row, {"name": "mail11", "checked": False}]))
    assert "1 of 1 gateway verified, 1 not checked by the product" in shown(summary(many))
    nobody = part("calendar_users", result(current={"selected": 0}))
    assert "calendar users  no user is selected" in shown(summary(nobody))
    bad = part("gateway_status", result(status=[{**row, "verified": False}]))
    assert "ucops.imp.gateway_status" in next_steps(summary(bad, check=True))[0]


def test_high_availability_that_is_switched_for_restarts_is_no_restart() -> None:
    switched = [change("high_availability", "DefaultCUPSubcluster", action) for action in ("disable", "enable")]
    (_reading, restarts) = estimate([part("presence_engine", result(*RESTARTS, *switched))], 20.0, {})
    assert restarts.what == "4 restarts"


def test_a_value_of_any_length_leaves_a_screen() -> None:
    long = change("calendaring_parameter", "exchange_queue", "update", field("value", 1, "9" * 8000))
    assert len(shown(summary(part("calendaring", result(long))))) < 1500


def test_a_warning_of_a_module_is_a_note_whatever_ansible_makes_of_it() -> None:
    kept = SimpleNamespace(event=SimpleNamespace(msg="mail9 is no longer listed, and stays."))
    told = part("presence_gateways", result(warnings=[kept, "A text."]))
    assert told.warnings == ("mail9 is no longer listed, and stays.", "A text.")
    assert "presence gateways  mail9 is no longer listed, and stays." in shown(summary(told))


def test_what_is_done_to_a_server_names_it_once() -> None:
    request = ("mail1", {"changes": [change("certificate_request", "mail1", "create")]})
    certificate = ("mail1", {"changes": [change("certificate", "AB12", "create")]})
    told = shown(summary(part("exchange_certificate", request, certificate)))
    assert "1 certificate request added  mail1\n1 certificate added          AB12 on mail1\n" in told


@pytest.mark.parametrize(("check", "where"), [(False, "See /srv/hq.en.md"), (True, "The run writes them into /srv")])
def test_what_is_left_for_the_console_is_no_failure_and_comes_first(check: bool, where: str) -> None:
    parts = (left_to_console("presence_gateways"), part("calendaring", result(TIMEOUT)))
    told = replace(summary(*parts, check=check), console=Console(3, "/srv/hq.en.md"))
    assert told.failed == []
    assert "presence gateways  no interface, so it is left for the console" in shown(told)
    first = next_steps(told)[0]
    assert first.startswith("3 steps are left for the console.")
    assert where in first
    assert "console" not in " ".join(next_steps(replace(told, console=Console(0, ""))))


def test_a_run_with_backups_says_how_to_take_it_back() -> None:
    kept = [f"/b/2026-11-02T200000Z/imp1/{name}.json" for name in ("1-trust_certificates", "2-calendar_users")]
    parts = [part(name, result(backup_file=path)) for name, path in zip(("trust", "calendar_users"), kept, strict=True)]
    _nothing, back = next_steps(summary(*parts))
    assert back.endswith("ucops.imp.restore -e restore_path=/b/2026-11-02T200000Z/imp1")
    # Ansible takes a blank for the end of a value, and every server has a folder of its own.
    servers = [result(backup_file=f"/my b/{server}/1.json") for server in ("mail1", "mail2")]
    told = next_steps(summary(part("exchange_certificate", *servers)))
    assert [step.partition(" -e ")[2] for step in told[1:]] == [
        f"""'{{"restore_path": "/my b/{server}"}}'""" for server in ("mail1", "mail2")
    ]
