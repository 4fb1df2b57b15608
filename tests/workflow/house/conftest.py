"""What tests of signed papers share."""

import subprocess
from collections.abc import Iterator

import pytest

from sopctl.adapters.signing.apart import Examiner


@pytest.fixture(scope="module")
def kept_examiners() -> Iterator[None]:
    """Examiners of a module's tests hand their process on to the next one, as one does from file to file; a process
    that starts reads the libraries for more than a second."""
    begin, idle = Examiner._started, list[subprocess.Popen[bytes]]()

    def started(self: Examiner) -> subprocess.Popen[bytes]:
        while idle:
            process = idle.pop()
            if process.poll() is None:
                self._process = process
                return process
        return begin(self)

    def leave(self: Examiner, *_: object) -> None:
        process, self._process = self._process, None
        if process:
            idle.append(process)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Examiner, "_started", started)
        patch.setattr(Examiner, "__exit__", leave)
        yield
    for process in idle:
        process.kill()
        process.communicate()
