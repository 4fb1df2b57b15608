"""A dialogue with a command line: what is sent, its echo, the answer, and the prompt that ends it.

The device's own lines may come in between: messages of its log, a pager that could not be turned off, a question. What
others make it say (a neighbour's name) may look like its prompt. So an answer begins with the echo of its command, and
ends with a prompt after which nothing more comes. All work is linear in what was received, and the deadline is the
session's, which grows by the time that answers take: a slow device is not a dead one.
"""

import re
import time
from typing import TYPE_CHECKING

from sopctl.adapters.switch.dialect import Dialect

if TYPE_CHECKING:
    from sopctl.adapters.switch.guarded import Guarded

ANSWER_SECONDS = 30.0
"""How long the device may be silent before it has answered a command. The slowest is to save the configuration."""
SETTLE_SECONDS = 0.02
"""For so long nothing may follow a prompt that ends an answer."""
SETTLE_LOGIN_SECONDS = 0.3
"""The same while the prompt is not known yet, for a question, and for an answer whose text is a neighbour's."""
ECHO_SECONDS = 2.0
"""After this silence a prompt counts although the device has not echoed the command."""
SLOWEST = 100.0
"""Characters a second, as on the slowest console lines. What comes faster earns the time that it takes, already before
the answer is whole; what only trickles does not."""
TICK = 0.005

MAX_PROMPT = 200
"""Characters."""
MAX_LINE = 4096
"""Characters of a line of an answer; the rest of a longer one is dropped."""
_TAIL = 2048

_MORE = re.compile(r"\s{0,40}[-<(]{1,8} ?(?:more|press any key)\b[^\n]{0,60}", re.IGNORECASE)
_QUESTION = re.compile(
    r"[\[(](?:confirm|y/n|yes/no|y|n|yes|no)[\])] ?[:?]? ?$|(?:overwrite|continue|proceed)[^\n]{0,80}\? ?$",
    re.IGNORECASE,
)
_LIKE_A_QUESTION = re.compile(r"\?[ :]{0,2}$|[\[(][^\])\n]{1,40}[\])] ?[:?] ?$")
"""What no prompt looks like: `Destination filename [startup-config]?`. It counts after a longer silence, as a line of
an answer may end so too."""
_ASKS_LOGIN = re.compile(r"(?:user ?name|login|password|passcode) ?: ?$", re.IGNORECASE)
_PROMPT_ENDS = ("#", ">", "%", "$")


class Silent(Exception):
    """The device said nothing for ANSWER_SECONDS; `tail` is the line at which it stopped."""

    def __init__(self, tail: str) -> None:
        super().__init__(tail)
        self.tail = tail


class Asks(Exception):
    """The device asks a question that nobody may answer; `question` is its line."""

    def __init__(self, question: str) -> None:
        super().__init__(question)
        self.question = question


class AsksLogin(Exception):
    """The device asks for a user or a password although SSH has let us in; `question` is its line."""

    def __init__(self, question: str) -> None:
        super().__init__(question)
        self.question = question


class Dialogue:
    """The command line of one device, over netmiko's channel. `prompt` is the line that ends an answer."""

    def __init__(self, connection: "Guarded", dialect: Dialect, prompt: str = "") -> None:
        self._connection = connection
        self._dialect = dialect
        self._earned = 0.0
        self.prompt = prompt
        self.configuring = False
        """Did the last answer end with the prompt of the configuration mode?"""

    def begin(self) -> None:
        """Wait for the first prompt, and learn it: the line that the device repeats for an empty line.

        Raises AsksLogin when it asks for an account instead, and Silent.
        """
        before = ""
        for _ in range(6):
            last = _last_line(self._until_quiet())
            if _ASKS_LOGIN.search(last[-80:]):
                raise AsksLogin(last[-80:].strip())
            if last == before and last.endswith(_PROMPT_ENDS) and len(last) <= MAX_PROMPT:
                self.prompt = last
                return
            before = last
            self._connection.write_channel(self._connection.RETURN)
        raise Silent(before)

    def ask(self, line: str, *, confirm: re.Pattern[str] | None = None, careful: bool = False) -> str:
        """What the device says to `line`, without the echo, its log and the prompt.

        A question that `confirm` matches is answered with Enter, any other is taken back with Ctrl-C: raises Asks.
        `careful`: the answer has text of others, which may look like a prompt. Raises Silent.
        """
        self._drain()
        self._connection.begin_answer()
        began, self._earned = time.monotonic(), 0.0
        self._connection.write_channel(line + self._connection.RETURN)
        said = self._answer(line, confirm, SETTLE_LOGIN_SECONDS if careful else SETTLE_SECONDS)
        self._earn(time.monotonic() - began - self._earned)
        return said

    def tell_secret(self, secret: str) -> str:
        """Answer a question for a password; what the device says then. Nothing is echoed."""
        self._connection.write_channel(secret + self._connection.RETURN)
        return self._until_quiet()

    def until_asked(self, line: str) -> str:
        """Send a line and return what comes until the device is quiet: a prompt, or a question."""
        self._drain()
        self._connection.write_channel(line + self._connection.RETURN)
        return self._until_quiet()

    def at_prompt(self, line: str) -> bool:
        """Is the line a prompt of the exec level, or of the configuration mode?"""
        shown = line.strip()
        if shown == self.prompt:
            return True
        host = self.prompt[:16].rstrip("#> ")
        return (
            self._dialect.configuring == "mode"
            and shown.startswith(host)
            and bool(self._dialect.in_mode.fullmatch(shown[:200]))
        )

    def _answer(self, line: str, confirm: re.Pattern[str] | None, settle: float) -> str:
        parts: list[str] = []
        tail, echoed, heard = "", False, time.monotonic()
        since_echo = ""
        while True:
            new = self._connection.read_channel()
            now = time.monotonic()
            if new:
                self._earn(min(now - heard, len(new) / SLOWEST))
                heard = now
                parts.append(new)
                tail = (tail + new)[-_TAIL:]
                if not echoed:
                    since_echo = (since_echo + new)[-(len(line) + 65_536) :]
                    echoed = line[-60:] in since_echo
                continue
            quiet = now - heard
            last = _last_line(tail)
            if _MORE.fullmatch(last) and quiet >= SETTLE_SECONDS:
                self._connection.write_channel(" ")
                parts.append("\n")
                tail = "\n"  # the prompt may come at once: the page was the last
            elif quiet >= settle and "\n" in tail and self._ends(tail) and (echoed or quiet >= ECHO_SECONDS):
                return self._plain("".join(parts), line)
            elif self._asks(last[-200:], quiet):
                if confirm is None or not confirm.search(last[-200:]):
                    self._connection.write_channel("\x03")
                    self._until_quiet()
                    raise Asks(last[-200:].strip())
                self._connection.write_channel(self._connection.RETURN)
                tail = "\n"
            elif quiet >= SETTLE_LOGIN_SECONDS and _ASKS_LOGIN.search(last[-80:]):
                raise AsksLogin(last[-80:].strip())
            elif quiet >= max(ANSWER_SECONDS, self._dialect.patience):
                raise Silent(last[-200:].strip())
            time.sleep(TICK)

    def _earn(self, seconds: float) -> None:
        """The device answers: it is given the time that this takes."""
        self._earned += seconds
        self._connection.watchdog.credit(seconds)

    def _asks(self, last: str, quiet: float) -> bool:
        """Is the last line a question?"""
        how = _QUESTION if quiet < ECHO_SECONDS else _LIKE_A_QUESTION
        return quiet >= SETTLE_LOGIN_SECONDS and bool(how.search(last))

    def _ends(self, tail: str) -> bool:
        """Does the tail end with a prompt? Messages of the device's log may follow it, on its own line too."""
        for line in reversed(_lines(tail)):
            if line.strip() and not self._dialect.is_noise(line):
                shown = self._without_noise(line).strip()
                self.configuring = shown != self.prompt
                return self.at_prompt(shown)
        return False

    def _without_noise(self, line: str) -> str:
        """A line without a message of the log that begins behind a prompt on it."""
        end = next((at for at, each in enumerate(line[:MAX_PROMPT]) if each in "#>"), -1) + 1
        return line[:end] if end and self._dialect.is_noise(line[end:]) else line

    def _plain(self, said: str, line: str) -> str:
        """An answer without its echo, prompts, pager marks and the device's log."""
        lines = _lines(said)
        echo = next((at for at, each in enumerate(lines) if each.rstrip().endswith(line[-60:])), -1)
        kept = [
            each[:MAX_LINE]
            for each in lines[echo + 1 :]
            if not self._dialect.is_noise(each) and not _MORE.fullmatch(each)
        ]
        while kept and (not kept[-1].strip() or self.at_prompt(self._without_noise(kept[-1]))):  # some show it twice
            kept.pop()
        return "\n".join(kept)

    def _until_quiet(self) -> str:
        """What comes until nothing more does. Raises Silent when nothing comes at all."""
        parts: list[str] = []
        heard = time.monotonic()
        while True:
            new = self._connection.read_channel()
            if new:
                heard = time.monotonic()
                parts.append(new)
                continue
            quiet = time.monotonic() - heard
            if parts and quiet >= SETTLE_LOGIN_SECONDS:
                return "".join(parts)
            if quiet >= ANSWER_SECONDS:
                raise Silent("")
            time.sleep(TICK)

    def _drain(self) -> None:
        while self._connection.read_channel():
            pass


def _lines(text: str) -> list[str]:
    """The lines as a terminal shows them: a backspace takes a character back, a carriage return goes to the start."""
    return [_shown(line) for line in text.replace("\r\n", "\n").split("\n")]


def _shown(line: str) -> str:
    line = line.rstrip("\r\x00")
    if "\x08" in line:
        kept: list[str] = []
        for each in line:
            if each != "\x08":
                kept.append(each)
            elif kept:
                kept.pop()
        line = "".join(kept)
    return line.rpartition("\r")[2]


def _last_line(text: str) -> str:
    return _lines(text[-_TAIL:])[-1].strip()
