"""Reading what a server answers of its note."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.fingerprint.answer import MAX_LINES, Answer, read, unchanged

DIGEST = "0123456789abcdef" * 4
BOTH = "-look complete\tyes\n-look version\t1\n+look complete\tyes\n+look version\t1\n"


def answer(body: str) -> bytes:
    return f"=begin m\n=note {DIGEST}\n{body}=end m\n".encode()


def test_an_answer_with_a_greeting_around_it() -> None:
    said = (
        b"Welcome to server 7\n=begin x\n"
        + answer(BOTH + "?asked ports\t[80]\n-sshd port\t22\n+sshd port\t23\n")
        + b"bye"
    )
    found = read(said, "m")
    assert found == Answer(
        DIGEST,
        {"ports": "[80]"},
        {"look complete": "yes", "look version": "1", "sshd port": "22"},
        {"look complete": "yes", "look version": "1", "sshd port": "23"},
    )
    assert found.complete


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"=begin m\n=end m\n",
        answer(BOTH)[:-1],
        answer(BOTH).replace(b"=end m", b"=end x"),
        answer(BOTH).replace(DIGEST.encode(), b"gone"),
        answer("+sshd port 22\n"),
        answer("+sshd port\t22\n+sshd port\t23\n"),
        answer("+SSHD port\t22\n"),
        answer("+sshd port\t2\t2\n"),
        answer("+sshd port\t\x1b[2J\n"),
        answer(f"+sshd port\t{'x' * 4001}\n"),
        answer("+sshd p\u00e9\t1\n"),
        answer("".join(f"+account a{number}\tx\n" for number in range(MAX_LINES + 1))),
    ],
)
def test_what_is_no_answer(said: bytes) -> None:
    assert read(said, "m") is None


@pytest.mark.parametrize("note", ["absent", "incomplete"])
def test_there_is_no_note(note: str) -> None:
    found = read(f"=begin m\n=note {note}\n=end m\n".encode(), "m")
    assert found == Answer(note)
    assert found
    assert not found.complete


@pytest.mark.parametrize("line", BOTH.splitlines(keepends=True))
def test_what_is_not_complete(line: str) -> None:
    found = read(answer(BOTH.replace(line, "")), "m")
    assert found
    assert not found.complete
    other = read(answer(BOTH.replace(line, line.replace("yes", "no").replace("1", "2"))), "m")
    assert other
    assert not other.complete


@given(
    st.binary(max_size=300)
    | st.lists(st.sampled_from(["=begin m", "=end m", f"=note {DIGEST}", "+a b\tc", "-", "?asked x\t1"])).map(
        lambda lines: "\n".join(lines).encode()
    )
)
def test_whatever_is_said_is_read_or_refused(said: bytes) -> None:
    found = read(said, "m")
    assert found is None or isinstance(found, Answer)


def test_what_a_run_did_not_change() -> None:
    before = Answer(
        DIGEST, {}, {"a 1": "x", "a 2": "x", "a 3": "x", "look version": "1"}, {"a 1": "y", "a 2": "y", "a 4": "y"}
    )
    after = Answer(DIGEST, {}, {"a 1": "x", "a 3": "x", "a 5": "x"}, {"a 1": "y", "a 2": "z", "a 4": "y", "a 5": "y"})
    assert unchanged(before, after) == ("a 1", "a 3", "a 4"), "a 2 was changed again, a 5 by the run"
