"""`sopctl configure`: the first step that touches a server, and what of it is repeated later."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

import click

from sopctl.cli.language import _, ngettext, said
from sopctl.cli.options import (
    DEPOSIT,
    FILE,
    TEXT,
    choose_one,
    confirm_key,
    decider_options,
    end,
    example,
    forks_option,
    host_key_option,
    json_option,
    lacks,
    only_due,
    open_desk,
    seen_option,
    several,
    trusted_path_option,
)
from sopctl.cli.passwords import Given, password_options
from sopctl.cli.render import put_answers, put_json, put_step, put_wrapped, task_progress
from sopctl.errors import Action, OutsideFailure, SopctlError, UsageError
from sopctl.locale import Prose, joined
from sopctl.model.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sopctl.adapters.ssh import Password
    from sopctl.workflow.desk import Desk
    from sopctl.workflow.servers.playbooks import Options
    from sopctl.workflow.steps.previewing import Preview


@click.command(
    "configure",
    epilog=example(
        "sopctl configure PS-2026-0001 --host-key SHA256:…",
        "sopctl configure PS-2026-0001  # asks",
        "sopctl configure PS-2026-0001 --host-key SHA256:… --ask-password",
        "sopctl configure --due  # all that wait for it, in one run",
        "sopctl configure PS-2026-0001 --cut-off 6379,161/udp",
        "sopctl configure PS-2026-0001 --check --diff",
        "sopctl configure --check --tags sshd --tags firewall  # all servers",
        "sopctl configure --drift --all",
        "sopctl configure --repair PS-2026-0001 --tags sshd",
        "sopctl configure --repair PS-2026-0001 --ask-password  # its owner has reinstalled it",
        "sopctl configure PS-2026-0001 --sudo inventory",
        'sopctl configure PS-2026-0001 --by-hand "Staf Pusat Data: alamat IP dan VLAN lewat konsol"',
    ),
)
@several("ids", metavar="[ID]...", type=DEPOSIT)
@host_key_option
@trusted_path_option
@click.option("--cut-off", "cut_off", metavar="PORTS", help="What the owner agrees to lose: 6379,161/udp,8000-8010.")
@click.option("--due", is_flag=True, help="All servers that wait for configuration.")
@click.option("--check", is_flag=True, help="Change nothing: say what would change. Without ID: on all servers.")
@click.option("--drift", is_flag=True, help="Change nothing: say what differs from what was left, in one look.")
@click.option("--all", "whole", is_flag=True, help="With --drift: all servers, as without ID.")
@click.option("--metrics", type=FILE, metavar="FILE", help="With --drift: write its counts for Prometheus, atomically.")
@click.option("--diff", is_flag=True, help="With --check: line by line.")
@click.option(
    "--repair", is_flag=True, help="Configure again what was configured before. Without ID: all servers. Not a step."
)
@click.option(
    "--limit", multiple=True, metavar="GROUP", help="Only those in this group of the inventory: unit_…, rack_…, os_…"
)
@click.option(
    "--tags", multiple=True, metavar="TAG", help="With --check, --repair: only this part, say sshd. May be repeated."
)
@click.option(
    "-e", "--extra-vars", "files", multiple=True, metavar="@FILE", help="Variables for Ansible, from a YAML file."
)
@password_options
@click.option("--raw", is_flag=True, help="For a server without Python: only the accounts, through its shell.")
@click.option(
    "--sudo",
    type=click.Choice(["inventory", "full"]),
    help="What the office's account may do as root from now on, once the server is accepted.",
)
@click.option(
    "--by-hand", type=TEXT, default="", metavar="WHO: WHAT", help="Who configured what, on a machine without SSH."
)
@forks_option
@decider_options
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    ids: tuple[str, ...],
    *,
    host_key: str | None,
    trusted_path: str,
    cut_off: str | None,
    due: bool,
    check: bool,
    drift: bool,
    whole: bool,
    metrics: Path | None,
    diff: bool,
    repair: bool,
    limit: tuple[str, ...],
    tags: tuple[str, ...],
    files: tuple[str, ...],
    ask_password: bool,
    password_file: Path | None,
    keyring: str | None,
    raw: bool,
    sudo: Literal["inventory", "full"] | None,
    by_hand: str,
    forks: int,
    as_json: bool,
) -> None:
    """Configure servers with playbooks/configure.yml (konfigurasi 1). Exit 1: it failed on a server.

    The first time, the server's host key is pinned; nothing logs in before it is confirmed. Where nobody can confirm
    it, it is kept as pending: sopctl host-key ID. Where the office has no key on the server yet, the owner's password
    (asked for once, or from a file or the keyring) creates the management account; the password is kept nowhere.

    Before anything is changed, the server is looked at, and its letter is compared with what listens there and who is
    connected. Where others would be cut off from a service, nothing is done without the owner's consent (--cut-off).

    With --check: what differs from the configuration now, on one server or all; on a server that was never configured,
    what will change there: added, changed, cut off, what stays open past the letter, and what comes back on return.
    Nothing is changed or recorded. Exit 1: something differs. Exit 6: a server could not be looked at. With --repair:
    the differences are put right; on a server that its owner has reinstalled, the owner's password makes the management
    account again.

    With --drift: what differs from what the last configuration left, and what the letter and the site ask for since:
    one look per server, with the same exit codes. What only its owner changed is reported, and is no drift.

    With --sudo inventory: the account may run the gathering script as root and nothing else. With --sudo full: it may
    do everything again, once the owner has allowed that on the server, or if the key of the first contact still works.
    A release needs full sudo.

    A machine that takes no SSH (kind: other) is configured by people; --by-hand records who did what.
    """
    from sopctl.model import services
    from sopctl.workflow.servers.playbooks import Options
    from sopctl.workflow.steps import configuring

    chosen_otherwise = due or check or drift or whole or metrics or repair or sudo or limit
    ids = ctx.params["ids"] = ids or (() if chosen_otherwise else (only_due(ctx),))
    desk = open_desk(ctx)
    if drift or whole or metrics:
        other = check or repair or due or sudo or diff or tags or files or raw or host_key or trusted_path or cut_off
        _refuse_beside_drift(ids, drift=drift, whole=whole, other=bool(other))
        chosen = configuring.limited(desk, ids or configuring.managed(desk), limit)
        _drift(desk, chosen, metrics, whole=not (ids or limit), as_json=as_json)
        return
    given = Given(ask_password, password_file, keyring)
    beside_sudo = check or repair or due or limit or tags or files or raw or host_key or trusted_path or cut_off
    if sudo and (not ids or beside_sudo or given.any):
        raise UsageError(
            "sudo-with-other-work",
            "--sudo takes IDs, and cannot be combined with other work",
            remedy="Do the other work in a command of its own.",
        )
    one = len(ids) == 1
    other = check or repair or due or sudo or given.any or raw or host_key or trusted_path or cut_off
    _refuse_by_hand_beside(by_hand, beside=bool(other) or not one)
    later = repair or due or not one
    _refuse_first_only(
        {
            "--host-key": host_key and (later or check),
            "--trusted-path": trusted_path and (later or check),
        }
    )
    _refuse_for_many(password=given.any and not one, cut_off=bool(cut_off and (check or not one)))
    if sum([check, repair, due]) > 1 or (due and ids):
        raise choose_one(_("IDs"), "--due", "--check", "--repair")
    if diff and not check:
        raise lacks("--diff", "--check")
    if sudo:
        _change_sudo(desk, ids, sudo, forks=forks, as_json=as_json)
    options = Options(variable_files=_variable_files(files), tags=tags, forks=forks, raw=raw)
    chosen = list(ids) or (configuring.due(desk) if due else configuring.managed(desk) if check or repair else [])
    if not (ids or due or check or repair):
        raise choose_one(_("IDs"), "--due", "--check", "--repair", remedy=(_("To see what is due:"), Action("todo")))
    chosen = configuring.limited(desk, chosen, limit)
    password = given.password(desk, ids[0]) if given.any else None
    if check:
        _check(desk, chosen, options, password, whole=not (ids or limit), diff=diff, as_json=as_json)
        return
    consented = services.listed(cut_off) if cut_off else ()
    with task_progress(quiet=as_json) as on_event:
        if repair:
            answers = configuring.repair(
                desk, chosen, password=password, cut_off=consented, options=options, on_event=on_event
            )
        else:
            answers = configuring.configure_all(
                desk,
                chosen,
                by_hand=by_hand,
                host_key=host_key,
                trusted_path=trusted_path,
                password=password,
                cut_off=consented,
                confirm=None if as_json else confirm_key,
                options=options,
                on_event=on_event,
            )
    if len(ids) == 1:
        put_step(answers.only(), as_json=as_json)
    else:
        put_answers(answers.done, answers.errors, as_json=as_json)
    end(all(done.answer for done in answers.done.values()))


def _refuse_by_hand_beside(by_hand: str, *, beside: bool) -> None:
    if by_hand and beside:
        raise UsageError(
            "by-hand-with-other-work",
            "--by-hand takes one ID, and cannot be combined with other work",
            remedy="Record what was done by hand in a command of its own.",
        )


def _refuse_for_many(*, password: bool, cut_off: bool) -> None:
    """Raise UsageError for a password or a consent, which are of one server, beside several or none."""
    from sopctl.workflow.servers.first_contact import password_for_many
    from sopctl.workflow.steps.configuring import consent_for_many

    if password:
        raise password_for_many()
    if cut_off:
        raise consent_for_many()


def _refuse_first_only(misplaced: "Mapping[str, object]") -> None:
    """Raise UsageError for the first of these that was given where it does not belong."""
    for what, wrong in misplaced.items():
        if wrong:
            raise _first_only(what)


def _first_only(what: str) -> UsageError:
    return UsageError(
        "first-configuration-only",
        "{what} is for the first configuration of one server",
        remedy="Leave it out, or name only the one server that is not configured yet.",
        what=what,
    )


def _change_sudo(
    desk: "Desk",
    ids: tuple[str, ...],
    sudo: Literal["inventory", "full"],
    *,
    forks: int,
    as_json: bool,
) -> NoReturn:
    from sopctl.workflow.servers.batch import Answers
    from sopctl.workflow.steps import reducing

    answers = Answers()
    if sudo == "inventory":
        with task_progress(quiet=as_json) as on_event:
            answers = reducing.reduce(desk, ids, forks=forks, on_event=on_event)
    else:
        for deposit_id in dict.fromkeys(ids):
            try:
                answers.done[deposit_id] = reducing.give_back(desk, deposit_id)
            except SopctlError as error:
                answers.errors[deposit_id] = error
    if len(ids) == 1:
        put_step(answers.only(), as_json=as_json)
    else:
        put_answers(answers.done, answers.errors, as_json=as_json)
    end(all(done.answer for done in answers.done.values()))


def _variable_files(words: tuple[str, ...]) -> tuple[Path, ...]:
    for word in words:
        if not word.startswith("@"):
            raise UsageError(
                "variable-on-command-line",
                "-e takes a file, not {variable!r}: everyone on this machine can see a command line",
                remedy="Write the variables into a YAML file: -e @FILE",
                variable=printable(word.split("=")[0], 40),
            )
    return tuple(Path(word[1:]) for word in words)


def _check(
    desk: "Desk",
    ids: list[str],
    options: "Options",
    password: "Password | None",
    *,
    whole: bool,
    diff: bool,
    as_json: bool,
) -> None:
    from sopctl.cli.steps import _preview
    from sopctl.workflow.steps import configuring, drift, previewing, reducing

    first = previewing.untouched(desk, ids)
    if first and options.tags:
        raise configuring.first_is_whole()
    others = [each for each in ids if each not in first]
    if password and others:
        raise _first_only(_("a password"))
    if options.raw and (others or not ids):
        raise UsageError(
            "check-needs-python",
            "what would change is not known without Python",
            remedy="Leave out --raw or --check.",
        )
    unseen = reducing.reduced(desk) if whole else []
    previews, problems = _previews(desk, first, options, password)
    with task_progress(quiet=as_json) as on_event:
        found = drift.look(desk, others, options=options, on_event=on_event)
    if as_json:
        from sopctl.cli.documents import configuration

        put_json(configuration.checked(found, previews, unseen, problems))
    elif not (found or unseen or first):
        click.echo(_("No server is configured yet."))
    for preview in [] if as_json else previews:
        _preview.put(preview, diff=diff)
    for server in [] if as_json else found:
        click.echo(f"{server.id}  {_changes(len(server.changes))}")
        for change in server.changes:
            click.echo(f"  {change.role}: {change.task}")
            for line in change.diff if diff else ():
                click.echo(f"    {line}")
    if len(ids) == 1 and not as_json:
        for error in problems.values():
            raise error
    looked: list[tuple[str, Prose]] = [(server.id, server.message) for server in found]
    looked += [(deposit_id, error.text) for deposit_id, error in problems.items()]
    _end_look(looked, unseen, as_json=as_json)
    end(not previews and not any(server.changes for server in found))


def _previews(
    desk: "Desk", ids: list[str], options: "Options", password: "Password | None"
) -> "tuple[list[Preview], dict[str, SopctlError]]":
    from sopctl.workflow.steps import previewing

    found, problems = [], {}
    for deposit_id in ids:
        try:
            found.append(previewing.preview(desk, deposit_id, password=password, raw=options.raw))
        except SopctlError as error:
            problems[deposit_id] = error
    return found, problems


def _refuse_beside_drift(ids: tuple[str, ...], *, drift: bool, whole: bool, other: bool) -> None:
    """Raise UsageError for what --drift alone takes, for --all beside IDs, and for --drift beside `other` work."""
    if not drift:
        raise lacks("--all" if whole else "--metrics", "--drift")
    if ids and whole:
        raise choose_one(_("IDs"), "--all")
    if other:
        raise UsageError(
            "drift-with-other-work",
            "--drift takes IDs, --all and --limit, and no other work",
            remedy="Do the other work in a command of its own.",
        )


def _drift(desk: "Desk", ids: list[str], metrics: Path | None, *, whole: bool, as_json: bool) -> None:
    from sopctl.workflow.steps import drift, reducing

    unseen = reducing.reduced(desk) if whole else []
    found = drift.compare(desk, ids)
    if metrics:
        from sopctl.adapters import exports
        from sopctl.store.durable import write_atomic

        text = exports.drift({server.id: None if server.message else server.counts for server in found})
        write_atomic(metrics.absolute(), text.encode(), mode=0o644)
    if as_json:
        from sopctl.cli.documents import configuration

        put_json(configuration.drifted(found, unseen))
    elif not (found or unseen):
        click.echo(_("No server is configured yet."))
    for server in [] if as_json else found:
        kept = [each for each in server.differences if each.part]
        differs = _("not compared") if server.message else _differences(len(kept), len(server.asked))
        click.echo(f"{server.id}  {differs}")
        for each in kept:
            click.echo(f"  {each.part}: {printable(said(each.says))}")
        for wish in server.asked:
            click.echo(_("  asked for since: {wish}", wish=printable(said(wish.says))))
        for each in server.differences:
            if not each.part:
                click.echo(_("  the owner's: {difference}", difference=printable(said(each.says))))
        for notice in server.notices:
            click.echo(f"  {said(notice)}")
    _end_look([(server.id, server.message) for server in found], unseen, as_json=as_json)
    end(not any(server.drifted for server in found))


def _differences(count: int, asked: int) -> str:
    if not count and not asked:
        return _("nothing differs")
    differ = ngettext("{number} thing differs from what was left", "{number} things differ from what was left", count)
    return ", ".join([*[differ] * bool(count), *[_("{number} asked for since", number=asked)] * bool(asked)])


def _end_look(looked: "Sequence[tuple[str, Prose]]", unseen: list[str], *, as_json: bool) -> None:
    """Name the servers that were not looked at. Raises OutsideFailure where a look failed (id, and why); a program has
    read that already, and is only told by the exit code."""
    for deposit_id in [] if as_json else unseen:
        put_wrapped(_("{id}  not looked at: the office may only take inventory there", id=deposit_id))
    blind = [(name, why) for name, why in looked if why]
    if blind and as_json:
        raise SystemExit(int(OutsideFailure.exit_code))
    if blind:
        raise OutsideFailure(
            "not-looked-at",
            "could not be looked at: {servers}",
            remedy=(_("To see where it fails:"), Action("check", blind[0][0])),
            servers=joined("; ", (joined(": ", each) for each in blind)),
        )


def _changes(count: int) -> str:
    if count == 0:
        return _("nothing differs")
    return ngettext("{number} task would change something", "{number} tasks would change something", count)
