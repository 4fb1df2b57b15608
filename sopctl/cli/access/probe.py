"""`sopctl probe`: climb the access ladder of any host, without a site."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _, said
from sopctl.cli.options import FILE, end, example, json_option, lacks, several
from sopctl.cli.render import put_json, put_ladder
from sopctl.errors import InvalidRecord, UsageError

if TYPE_CHECKING:
    from sopctl.model.access.ladder import AccessResult


@click.command(
    "probe",
    epilog=example(
        "sopctl probe web.example.org",
        "sopctl probe --user deposit --key keys/deposit --expect-key SHA256:... 192.0.2.7:2222",
        "sopctl probe --service 443/https --service 25 --timeout 5 --json '[2001:db8::7]:22' 192.0.2.8",
        "sopctl probe --jump hop@gate.example.org --jump-key keys/hop --jump-expect-key SHA256:... 10.0.0.7",
    ),
)
@several("hosts", metavar="HOST[:PORT]...", required=True)
@click.option("--user", "-u", help="Log in as USER (needs --key and --expect-key), and run `true`.")
@click.option("--key", type=FILE, help="Private key file for the login (mode 600).")
@click.option("--expect-key", metavar="KEY", help='Host key that must be shown: "SHA256:..." or a line of a .pub file.')
@click.option(
    "--service",
    "services",
    metavar="PORT[/KIND]",
    multiple=True,
    help="TCP port that must work; KIND is tcp (accepts; the default), tls (certificate: name, dates, authority), "
    "http or https (status below 400).",
)
@click.option("--server-name", metavar="NAME", help="Name that tls and http services are asked for, instead of HOST.")
@click.option("--ca", type=FILE, help="Authorities for tls services (PEM), instead of this machine's.")
@click.option("--jump", "jump_host", metavar="[USER@]HOST[:PORT]", help="Check from this host, over its sshd.")
@click.option("--jump-key", type=FILE, help="Private key file for the jump host [default: that of --key].")
@click.option("--jump-expect-key", metavar="KEY", help="Host key that the jump host must show.")
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 3600),
    default=20.0,
    show_default=True,
    help="Seconds for each host, all rungs together.",
)
@json_option
def command(
    *,
    hosts: tuple[str, ...],
    user: str | None,
    key: Path | None,
    expect_key: str | None,
    services: tuple[str, ...],
    server_name: str | None,
    ca: Path | None,
    jump_host: str | None,
    jump_key: Path | None,
    jump_expect_key: str | None,
    timeout: float,
    as_json: bool,
) -> None:
    """Can each HOST be reached, and if not, at which rung does it fail, and what helps?

    The rungs: (jump host,) name, TCP, SSH banner, key exchange, host key, login, command, services, TLS, HTTP.
    Without --user nobody logs in, and the host key that the server shows is printed. No credential is sent unless
    the host key is the expected one. Exit code 0: all are accessible; 1: at least one is not. All causes, and
    what helps: docs/reference/causes.md.
    """
    from sopctl.model.access import target
    from sopctl.model.access.ladder import Verdict
    from sopctl.workflow.servers.probe import probe as run

    if user and key is None:
        raise lacks("--user", "--key")
    if key and user is None:
        raise lacks("--key", "--user")
    if expect_key is not None and len(hosts) > 1:
        raise UsageError(
            "one-key-many-hosts",
            "--expect-key is the key of one host",
            remedy="Probe one host at a time.",
        )
    if jump_host is None and (jump_key or jump_expect_key):
        raise lacks("--jump-key" if jump_key else "--jump-expect-key", "--jump")
    if jump_host is not None and not (jump_key or key):
        raise lacks("--jump", _("{one} or {other}", one="--jump-key", other="--key"))
    try:
        places = [target.endpoint(host) for host in hosts]
        wanted = tuple(target.service(text) for text in services)
        through = target.jump(jump_host, jump_expect_key, user=user) if jump_host else None
        if server_name is not None:
            server_name = target.endpoint(f"[{server_name}]")[0]
        expected = target.pin(expect_key) if expect_key is not None else None
    except InvalidRecord as error:  # the same words are an invalid record elsewhere; here they are a wrong command line
        raise error.recast(UsageError) from None
    targets = [
        target.Target(
            host, port, user, expected, services=wanted, timeout=timeout, jump=through, server_name=server_name
        )
        for host, port in places
    ]
    results = []
    for result in run(targets, key, jump_key_file=jump_key, ca_file=ca):
        results.append(result)
        if not as_json:
            _show(result)
    if as_json:
        from sopctl.cli.documents.access import Probes, probed

        put_json(Probes(results=list(map(probed, results))))
    end(all(result.verdict is Verdict.ACCESSIBLE for result in results))


def _show(result: "AccessResult") -> None:
    """The ladder for people, below one line with the answer."""
    from sopctl.model.access.ladder import Verdict

    host = f"[{result.host}]" if ":" in result.host else result.host
    colour = "green" if result.verdict is Verdict.ACCESSIBLE else "red"
    click.echo(f"{host}:{result.port}  {click.style(said(result.verdict), fg=colour)}  {result.seconds:.2f} s")
    put_ladder(result)
