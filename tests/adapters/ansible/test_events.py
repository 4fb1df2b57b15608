"""The tally of events, and the bounds that a server's answer is cut to."""

import json
from typing import Any

import pytest

from sopctl.adapters.ansible.events import (
    DETAILS_TASK,
    MAX_NOTES,
    NOTE_TASK,
    Outcome,
    Tally,
)
from sopctl.model.facts.linux.bounded import MAX_DEPTH, MAX_VALUES, bound
from sopctl.model.text import printable


def event(kind: str, host: object = "a", **data: Any) -> dict[str, object]:
    return {"event": kind, "event_data": {"host": host, "task": "T", "task_action": "ping", **data}}


def stats(**numbers: dict[str, int]) -> dict[str, object]:
    return {"event": "playbook_on_stats", "event_data": numbers}


def test_other_hosts_are_dropped() -> None:
    tally = Tally(["a"])
    for host in ("b", None, ["a"], {"a": 1}, "A", "a "):
        assert tally.add(event("runner_on_ok", host, res={})) is None
    assert tally.results()["a"].ok == 0


@pytest.mark.parametrize("data", [None, [], "x", {"event": "runner_on_ok"}, {"event": 1, "event_data": [1]}])
def test_what_is_no_event_is_dropped(data: object) -> None:
    assert Tally(["a"]).add(data if isinstance(data, dict) else {"event_data": data}) is None


def test_only_setup_gathers_facts() -> None:
    tally = Tally(["a"])
    tally.add(event("runner_on_ok", res={"ansible_facts": {"ansible_x": 1}}))
    assert tally.results()["a"].facts is None
    tally.add(event("runner_on_ok", res={"ansible_facts": {"ansible_x": 1}}, task_action="ansible.builtin.setup"))
    assert tally.results()["a"].facts == {"ansible_x": 1}


def test_only_the_playbooks_own_debug_leaves_a_note() -> None:
    tally = Tally(["a"])
    for task, action in ((NOTE_TASK, "debug"), (NOTE_TASK, "ansible.builtin.command"), ("Say so", "debug")):
        tally.add(event("runner_on_ok", res={"msg": "install\n\x1b[31mchrony"}, task=task, task_action=action))
    assert tally.results()["a"].notes == (printable("install \x1b[31mchrony", 100),)
    for _ in range(MAX_NOTES + 5):
        tally.add(event("runner_on_ok", res={"msg": "x"}, task=NOTE_TASK, task_action="ansible.builtin.debug"))
    tally.add(event("runner_on_ok", res={"msg": ["no text"]}, task=NOTE_TASK, task_action="debug"))
    assert len(tally.results()["a"].notes) == MAX_NOTES


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (["window 600"], (599, 600)),
        (["window 600", "back x\nwindow 90\n"], (89, 90)),
        (["window 600", "window closed"], (0, 0)),
        (["window 600\r\n"], (599, 600)),
        (["window 999999999", "window -3", " window 3", "a window 3"], (0, 0)),
        (["back /etc/ssh\nsame\nwindow closed"], (0, 0)),
    ],
)
def test_an_open_window_is_known_by_what_it_prints(said: list[str], left: tuple[float, float]) -> None:
    tally = Tally(["a"])
    for stdout in said:
        tally.add(event("runner_on_ok", res={"stdout": stdout}, role="armed_window"))
        tally.add(event("runner_on_ok", res={"stdout": "window 7"}, role="a_site_s_own"))
    assert left[0] <= tally.results()["a"].window <= left[1]


def test_what_a_script_of_ours_says_it_changed_is_a_difference() -> None:
    said = {"changed": True, "stdout": "left x\nchanged: keys of webadmin\nchanged: \x1b[31m\n changed: y"}
    task = Tally(["a"]).add(event("runner_on_ok", res=said))
    assert task
    assert task.diff == ("+keys of webadmin", printable("+\x1b[31m", 100))


def test_a_server_that_waits_for_its_own_name_is_noticed() -> None:
    tally = Tally(["a", "b"])
    for host, action, seconds in (("a", "setup", 10.2), ("b", "setup", 2.0), ("b", "ping", 60.0)):
        tally.add(event("runner_on_ok", host, res={}, task_action=action, duration=seconds))
    assert {name: host.waited for name, host in tally.results().items()} == {"a": 10.2, "b": 0.0}


def test_facts_and_details_are_handed_over_together_and_once() -> None:
    tally = Tally(["a"])
    answer = {"facts": {"kernel": "6"}, "details": "=host ok"}
    tally.add(event("runner_on_ok", res=answer))
    assert tally.hand_over("a") is None, "another module said so"
    tally.add(event("runner_on_failed", res=answer, task_action="server_facts"))
    assert tally.hand_over("a") is None
    tally.add(event("runner_on_ok", res=answer, task_action="server_facts"))
    found = tally.hand_over("a")
    assert found
    assert (found.facts, found.details) == ({"kernel": "6"}, "=host ok")
    assert tally.hand_over("a") is None
    assert tally.results()["a"].facts is None
    tally.add(event("runner_on_ok", res={"stdout": "=host"}, task_action="raw", task=DETAILS_TASK))
    found = tally.hand_over("a")
    assert found
    assert (found.facts, found.details) == (None, "=host"), "a server without Python"


@pytest.mark.parametrize("answer", [{}, {"facts": [], "details": 7}, {"facts": "x"}, {"details": None}])
def test_an_answer_of_another_shape_is_an_empty_one(answer: dict[str, Any]) -> None:
    tally = Tally(["a"])
    tally.add(event("runner_on_ok", res=answer, task_action="server_facts"))
    found = tally.hand_over("a")
    assert found
    assert (found.facts, found.details) == (None, "")


def test_a_failure_that_was_rescued_or_ignored_is_none() -> None:
    tally = Tally(["a"])
    ignored = tally.add(event("runner_on_failed", res={"msg": "x"}, ignore_errors=True))
    assert ignored
    assert ignored.status == "ok"
    tally.add(event("runner_on_failed", res={"msg": "rescued"}))
    tally.add(stats(ok={"a": 3}, rescued={"a": 1}))
    result = tally.results()["a"]
    assert (result.ok, result.failed, result.failed_task) == (3, 0, "")
    assert tally.outcome() == (Outcome.OK, "")


def test_failed_outweighs_unreachable() -> None:
    tally = Tally(["a", "b"])
    tally.add(stats(failures={"a": 1}, dark={"b": 1}))
    assert tally.outcome()[0] is Outcome.FAILED


def test_a_loop_says_what_failed_in_it() -> None:
    tally = Tally(["a"])
    items = [{"msg": "fine"}, {"failed": True, "msg": "this\nfailed", "stderr": "\x1b[31mred"}]
    task = tally.add(event("runner_on_failed", res={"msg": "One or more items failed", "results": items}))
    assert task
    assert task.message == "this failed: \\x1b[31mred"


SSH_SAYS = "Failed to connect to the host via ssh: @@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@\n"
REFUSED = "Host key verification failed.\r\n"


@pytest.mark.parametrize(
    ("kind", "said", "cause"),
    [
        ("runner_on_unreachable", SSH_SAYS + REFUSED, "host-key-changed"),
        ("runner_on_unreachable", REFUSED, "host-key-unknown"),
        ("runner_on_unreachable", "Connection refused", ""),
        ("runner_on_failed", SSH_SAYS + REFUSED, ""),
        ("runner_on_failed", "", "no-reason"),
    ],
)
def test_which_of_our_sentences_it_is_stands_in_a_field(kind: str, said: str, cause: str) -> None:
    """A module on the server may print ssh's words, too: then it is nobody's host key."""
    tally = Tally(["a", "b"])
    tally.add(event(kind, res={"msg": said}))
    results = tally.results()
    assert (results["a"].cause, results["b"].cause) == (cause, "no-turn")
    assert "IDENTIFICATION" not in results["a"].message
    tally.add(event("runner_on_failed", res={"msg": "put back: /etc/ssh"}, task="Say so"))
    assert tally.results()["a"].cause == "", "it is no longer that sentence alone"


def test_bounds() -> None:
    deep: object = "x"
    for _ in range(100_000):
        deep = [deep]
    flat = str(bound(deep))
    assert flat.count("[") <= MAX_DEPTH + 1
    wide = bound({str(number): list(range(4000)) for number in range(4000)})
    assert isinstance(wide, dict)
    assert sum(len(entry) for entry in wide.values()) <= MAX_VALUES
    odd = bound({1: float("nan"), "inf": float("inf"), "big": 2**70, "set": {1}, "text": "x" * 9_000, "t": True})
    assert isinstance(odd, dict)
    assert json.loads(json.dumps(odd, allow_nan=False)) == odd
    assert (odd["1"], odd["inf"], odd["big"], odd["set"], odd["t"]) == (None, None, None, None, True)
    assert len(str(odd["text"])) < 5_000


def test_what_failed_first_and_what_the_run_said_in_the_end_are_both_told() -> None:
    tally = Tally(["a"])
    tally.add(event("runner_on_unreachable", res={"msg": "Permission denied (publickey)."}))
    tally.add(event("runner_on_failed", res={"msg": "put back: /etc/ssh"}, task="Say so"))
    tally.add(stats(ok={"a": 3}, failures={"a": 1}))
    result = tally.results()["a"]
    assert (result.failed_task, result.message) == ("T", "Permission denied (publickey). | put back: /etc/ssh")


def test_a_diff_is_lines_that_are_safe_to_print() -> None:
    tally = Tally(["a"])
    change = {"before": "x\n\x1b[2Jold\n", "after": "x\nnew\n", "before_header": "f"}
    (single, loop, huge) = (
        tally.add(event("runner_on_ok", res={"changed": True, **said}))
        for said in (
            {"diff": change},
            {"results": [{"diff": [{"before": {"mode": "0755"}, "after": {"mode": "0700"}}]}, {"diff": None}]},
            {"diff": {"prepared": "y\n" * 10_000}},
        )
    )
    assert single
    assert loop
    assert huge
    assert single.diff == ("--- f", "+++ after", "@@ -1,2 +1,2 @@", " x", "-\\x1b[2Jold", "+new")
    assert loop.diff[-2:] == ("-mode: 0755", "+mode: 0700")
    assert len(huge.diff) == 200
    same = tally.add(event("runner_on_ok", res={"diff": change}))
    assert same
    assert same.diff == ()
