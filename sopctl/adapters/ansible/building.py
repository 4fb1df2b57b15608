"""Calls ansible-core's builder of modules: a program of its own, for `module.py`.

    python -I building.py <{"module": PATH, "arguments": {…}} >NAMES-AND-CODE

It writes a line of JSON, the names of the interpreters, and then the module's code. Any failure ends it with another
exit code than 0; the last line of its standard error says why.
"""

import json
import sys
from typing import Any

KNOWN = ("2.19.", "2.20.", "2.21.")
"""The versions whose builder this was tried with begin so: `executor.module_common` is no public interface."""


def main() -> None:
    """Build what is asked for."""
    given = json.load(sys.stdin)
    interpreters, code = built(given["module"], given["arguments"])
    sys.stdout.buffer.write(json.dumps(interpreters).encode() + b"\n" + code)


def built(path: str, arguments: dict[str, Any]) -> tuple[list[str], bytes]:
    """The names of the interpreters, and the module's code with its arguments."""
    from ansible.release import __version__

    if not __version__.startswith(KNOWN):
        sys.exit(f"ansible-core {__version__} is none of those whose builder is known ({', '.join(KNOWN)})")
    from ansible import constants
    from ansible.executor.module_common import modify_module
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import init_plugin_loader
    from ansible.template import Templar

    init_plugin_loader([])
    name = path.rsplit("/", 1)[-1].removesuffix(".py")
    setting = constants.config.get_config_value
    of_ansible = {  # as ActionBase gives them with every module
        "check_mode": False,
        "diff": False,
        "debug": False,
        "verbosity": 0,
        "version": __version__,
        "module_name": name,
        "no_log": setting("DEFAULT_NO_TARGET_SYSLOG"),
        "syslog_facility": setting("DEFAULT_SYSLOG_FACILITY"),
        "selinux_special_fs": setting("DEFAULT_SELINUX_SPECIAL_FS"),
        "shell_executable": "/bin/sh",
        "keep_remote_files": False,
        "tmpdir": None,
        "remote_tmp": "~/.ansible/tmp",
        "target_log_info": setting("TARGET_LOG_INFO"),
        "tracebacks_for": [],
    }
    found = modify_module(
        module_name=name,
        module_path=path,
        module_args={**arguments, **{f"_ansible_{key}": value for key, value in of_ansible.items()}},
        templar=Templar(loader=DataLoader()),
        task_vars={"ansible_python_interpreter": "/usr/bin/python3"},  # asked for on the server itself
        module_compression="ZIP_DEFLATED",
    )
    if found.module_style != "new":
        sys.exit(f"the module's style is {found.module_style}")
    named = setting("INTERPRETER_PYTHON")
    auto = named.startswith("auto")
    return (setting("INTERPRETER_PYTHON_FALLBACK") if auto else [named]), found.b_module_data


if __name__ == "__main__":
    main()
