"""Runs command lines of sopctl in forks of a process that has everything imported, under the shim: a command imports
what it needs when it needs it, which takes twenty times as long as the rest of it.

Reads one JSON request a line: the site, the words, the fault. Answers with how it ended, what it printed, and which
calls it made if they were counted. Started by `Server` with the shim preloaded.
"""

import ctypes
import gc
import importlib
import json
import os
import pkgutil
import sys
import tempfile
from pathlib import Path

SECONDS = 60.0


def main() -> None:
    """Serve until standard input ends."""
    import sopctl
    from sopctl.adapters.documents import pdf

    shim = ctypes.CDLL(os.environ["LD_PRELOAD"])
    for module in pkgutil.walk_packages(sopctl.__path__, "sopctl."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    pdf.prepare()
    gc.freeze()  # no fork looks through, and so copies, what all of them share
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            request = json.loads(line)
            files = [Path(folder, name) for name in ("out", "err", "calls")]
            child = os.fork()
            if child == 0:
                _run(shim, request, files)
            _, status = os.waitpid(child, 0)
            out, err, calls = (file.read_text(errors="replace") for file in files)
            answer = {"code": os.waitstatus_to_exitcode(status), "out": out, "err": err, "calls": calls.split()}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


def _run(shim: ctypes.CDLL, request: dict[str, object], files: list[Path]) -> None:
    code = 99
    try:
        from sopctl.cli.main import main

        descriptors = [os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for file in files]
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(descriptors[0], 1)
        os.dup2(descriptors[1], 2)
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
        os.environ["SOPCTL_SITE"] = str(request["site"])
        sys.argv = ["sopctl", *request["words"]]  # type: ignore[misc]
        mode = request["mode"]
        shim.shim_power(os.open(str(request["site"]), os.O_RDONLY | os.O_DIRECTORY), request["lies"])
        shim.shim_arm(mode, request["call"], request["errno"], descriptors[2] if mode == 1 else -1)
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        shim.shim_arm(0, 0, 0, -1)
        sys.stdout.flush()
    finally:
        shim.shim_arm(0, 0, 0, -1)
        os._exit(code)


if __name__ == "__main__":
    main()
