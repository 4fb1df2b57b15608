"""`sopctl sop`: the written procedures, as tables."""

from typing import TYPE_CHECKING, Any

import click

from sopctl.cli.options import DEPOSIT, choose_one, example, json_option, open_site
from sopctl.cli.render import console, put_json, put_wrapped, table
from sopctl.cli.tree import Group

if TYPE_CHECKING:
    from sopctl.model.sop.procedure import Outcome, Procedure, Step
    from sopctl.store.site import Site
    from sopctl.workflow.views.procedures import Way

ASIDE = "di luar SOP"


@click.group("sop", cls=Group, epilog=example("sopctl sop show penitipan"))
def command() -> None:
    """The written procedures (SOP) that sopctl follows."""


@command.command(
    "show",
    epilog=example(
        "sopctl sop show konfigurasi",
        "sopctl sop show penitipan --deposit PS-2026-0001",
        "sopctl sop show penitipan --file > penitipan.yml",
    ),
)
@click.argument("name", required=False)
@click.option("--version", help="Which version [default: the one in force for new dossiers].")
@click.option("--deposit", type=DEPOSIT, metavar="ID", help="The version that this deposit is pinned to, and its way.")
@click.option("--file", "as_file", is_flag=True, help="Its file, to be changed in the site's procedures/.")
@json_option
@click.pass_context
def show(
    ctx: click.Context, name: str | None, *, version: str | None, deposit: str | None, as_file: bool, as_json: bool
) -> None:
    """Show a procedure as a table; without a name, list them.

    [i] marks an actor that the scan of the paper has lost; it is the office's reading.
    """
    from sopctl.workflow.views import procedures

    site = open_site(ctx)
    if name is None:
        _put_all(site, as_json=as_json)
        return
    if version and deposit:
        raise choose_one("--version", "--deposit", remedy="A deposit is pinned to its version.")
    if as_file and as_json:
        raise choose_one("--file", "--json", remedy="The file is YAML; --json prints what is read from it.")
    way = procedures.way(site, name, deposit) if deposit else None
    found = way.procedure if way else procedures.find(site, name, version)
    if as_file:
        click.echo(site.library.text(name, found.version), nl=False)
    elif as_json:
        from sopctl.cli.documents import procedures as documents

        put_json(documents.shown(found, way))
    else:
        _put(found, way, {key: title for each in site.procedures.values() for key, title in each.actors.items()})


def _put_all(site: "Site", *, as_json: bool) -> None:
    if as_json:
        from sopctl.cli.documents import procedures as documents

        versions = {name: [each.version for each in site.library.versions(name)] for name in site.procedures}
        put_json(documents.listed(site.procedures, versions))
        return
    for name, each in site.procedures.items():
        aside = f"  ({ASIDE})" if each.extension else ""
        click.echo(f"{name:<14} {each.title}, versi {each.version}{aside}")


def _put(found: "Procedure", way: "Way | None", titles: dict[str, str]) -> None:
    out = console()
    aside = f"  ({ASIDE})" if found.extension else ""
    out.print(f"{found.title}, versi {found.version}{aside}", style="bold")
    out.print(found.source)
    made = table("no", "kegiatan", "pelaksana", "mutu baku", "lanjut")
    made.columns[1].min_width, made.columns[2].min_width = 16, 11  # the longest words of the paper's table
    if way:
        made.add_column("ditempuh", overflow="fold")
    for step in found.steps:
        actor = found.actors[step.actor].replace("/", "/ ") + (" [i]" if step.interpreted else "")
        standard = "; ".join(
            (f"{step.limit_days} hari", *step.requires, *([f"→ {step.output}"] if step.output else []))
        )
        cells = [str(step.no), step.activity, actor, standard, _ways(step, paper=True)]
        made.add_row(*cells, *([_visited(way, step)] if way else []), style=_style(way, step))
    out.print(made)
    asides = [(step, _ways(step, paper=False)) for step in found.steps]
    if any(text for _, text in asides) or found.acts:
        out.print(f"Di luar SOP ({'perluasan' if found.extension else 'kertas tidak menggambarkannya'}):")
    for step, text in asides:
        if text:
            put_wrapped(f"  {step.no}: {text}")
    from sopctl.model.sop.verbs import row

    for act, actors in found.acts.items():
        put_wrapped(f"  {row(act).outcome}: {', '.join(titles.get(actor, actor) for actor in actors)}")


def _ways(step: "Step", *, paper: bool) -> str:
    """The outcomes of a step and where they lead; those of the paper, or those beside it."""
    shown = {label: outcome for label, outcome in step.outcomes.items() if _aside(outcome) != paper}
    if paper and len(shown) == 1:
        return _leads(next(iter(shown.values())))
    return ", ".join(f"{label} → {_leads(outcome)}" for label, outcome in shown.items())


def _aside(outcome: "Outcome") -> bool:
    return outcome.extension or outcome.closes or outcome.resumes


def _leads(outcome: "Outcome") -> str:
    if outcome.closes:
        return "berkas ditutup"
    if outcome.resumes:
        return "kembali ke prosedur semula"
    waits = {"space": " (menunggu tempat)", "month": " (setiap bulan)", "decision": " (menunggu keputusan)"}
    return f"{outcome.next or 'selesai'}{waits.get(outcome.waits_for, '')}"


def _visited(way: "Way", step: "Step") -> str:
    visit = way.visits.get(step.no)
    lines = (
        [f"{day:%Y-%m-%d} {outcome}" for day, outcome in zip(visit.days, visit.outcomes, strict=True)] if visit else []
    )
    return "\n".join([*lines, "← di sini"] if _stands(way, step) else lines)


def _stands(way: "Way | None", step: "Step") -> bool:
    return bool(way and way.standing.procedure == way.procedure.name and way.standing.step == step)


def _style(way: "Way | None", step: "Step") -> Any:
    return "bold" if _stands(way, step) else None
