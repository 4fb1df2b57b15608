"""The one seam to ansible-core's builder: what it builds answers, and whatever is different is an error."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sopctl.adapters.ansible import building, module
from sopctl.errors import OutsideFailure

CHECKOUT = Path(__file__).parents[3]
ECHO = """#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule(argument_spec={"word": {"type": "str", "required": True}}, supports_check_mode=True)
module.exit_json(changed=False, word=module.params["word"])
"""


def test_a_module_that_was_built_runs_from_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "echo_word.py"
    path.write_text(ECHO)
    word = 'it\'s "quoted" {{ and }} \N{LATIN SMALL LETTER E WITH ACUTE}\n'
    built = module.build(CHECKOUT, path, {"word": word})
    assert built.interpreters[-2:] == ("/usr/bin/python3", "python3")
    ran = subprocess.run([sys.executable, "-"], input=built.code, capture_output=True, check=True)
    assert json.loads(ran.stdout)["word"] == word
    assert len(built.code) < 1_000_000


def test_the_sites_own_interpreter_counts(tmp_path: Path) -> None:
    path = tmp_path / "echo_word.py"
    path.write_text(ECHO)
    (tmp_path / "ansible.cfg").write_text("[defaults]\ninterpreter_python = /opt/python\n")
    assert module.build(tmp_path, path, {"word": "x"}).interpreters == ("/opt/python",)


def test_another_version_of_ansible_is_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "building.py"
    fake.write_text(
        Path(building.__file__)
        .read_text()
        .replace('KNOWN = ("2.19.",', 'KNOWN = ("1.0.",')
        .replace('"2.20.", "2.21."', "")
    )
    monkeypatch.setattr(building, "__file__", str(fake))
    with pytest.raises(OutsideFailure, match=r"is none of those whose builder is known \(1\.0\.\)") as error:
        module.build(CHECKOUT, tmp_path / "x.py", {})
    assert error.value.id == "module-not-built"


@pytest.mark.parametrize("said", ["", "print(7)", "print('[]')", "print('[\"python3\"]'); print('no module')"])
def test_what_is_no_module_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    fake = tmp_path / "building.py"
    fake.write_text(said)
    monkeypatch.setattr(building, "__file__", str(fake))
    with pytest.raises(OutsideFailure, match="gave no module"):
        module.build(CHECKOUT, tmp_path / "x.py", {})


def test_a_module_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutsideFailure, match="FileNotFoundError") as error:
        module.build(CHECKOUT, tmp_path / "none.py", {})
    assert "Traceback" not in str(error.value)
