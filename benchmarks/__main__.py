"""Run every script of this folder at a bounded size, each as a process of its own: python -m benchmarks [NAME …].

A script says in BOUNDED with which arguments it is run here, as a tuple of command lines; without, it is run as it is.
One that fails does not stop the others; the exit code is 1 then.
"""

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent
SPACE = FOLDER.parent / ".cache"
"""Where they run: on the checkout's disk, and nothing of theirs is anybody's change."""
APART = {"__main__", "__init__", "needs"}
SECONDS = 1800
"""For one command line, on a busy machine."""


def bounded(script: Path) -> list[list[str]]:
    """The command lines of a script, read without running it."""
    for node in ast.parse(script.read_text()).body:
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "BOUNDED" for to in node.targets):
            return [[str(word) for word in words] for words in ast.literal_eval(node.value)]
    return [[]]


def main() -> int:
    """Run them, and say which ended badly."""
    scripts = sorted(path for path in FOLDER.glob("*.py") if path.stem not in APART)
    if unknown := sorted(set(sys.argv[1:]) - {path.stem for path in scripts}):
        sys.exit(f"there is no benchmark {unknown[0]}\n  → {', '.join(path.stem for path in scripts)}")
    path = os.pathsep.join([str(FOLDER.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    bad = []
    SPACE.mkdir(exist_ok=True)
    for script in [path for path in scripts if not sys.argv[1:] or path.stem in sys.argv[1:]]:
        for words in bounded(script):
            named = " ".join([f"benchmarks/{script.name}", *words])
            print(f"\n== {named}", flush=True)
            begun = time.monotonic()
            try:
                code = subprocess.run(
                    [sys.executable, str(script), *words],
                    env={**os.environ, "PYTHONPATH": path},
                    cwd=SPACE,
                    timeout=SECONDS,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired:
                code = 124
            print(f"   ({time.monotonic() - begun:.0f} s)", flush=True)
            if code:
                bad.append(named)
    for named in bad:
        print(f"✗ {named}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
