"""`fastperf scale`, `fastperf budget` and `fastperf diagnose`: what endpoints cost, may cost and can take."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from app.cli.shared import Load, Misuse, configured, options_of, progress

LOAD = Load(min=0, min_open=True)


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--rps", type=LOAD, help="The load each endpoint shall take.")
@click.option(
    "--factor",
    type=LOAD,
    help="That times the `rps` of the configuration's [tool.fastperf.context].",
)
@click.option(
    "--endpoint", multiple=True, metavar="ENDPOINT", help="Only these: `GET /orders`, `/orders`, `/admin/*`."
)
@click.option(
    "--output-format", type=click.Choice(["text", "json", "html"]), default="text", show_default=True
)
def scale(
    path: Path, rps: float | None, factor: float | None, endpoint: tuple[str, ...], output_format: str
) -> None:
    """Say how much traffic each endpoint can take, what saturates first, and what to change for a load.

    From the endpoints' costs, the deployment's files and [tool.fastperf.context]. Exits 1 when an endpoint falls short.
    """
    from fnmatch import fnmatchcase

    import msgspec

    from app import discovery
    from app import scale as scaling
    from app.check import scan
    from app.review import demand
    from rules.engine.costs import capacity, load_plans
    from rules.engine.linking import deployment

    try:
        root = discovery.root_of((path,))
        config, project = configured(root, None, (path,))
    except discovery.DiscoveryError as error:
        raise Misuse(str(error)) from None
    options = msgspec.structs.replace(config.options(), select=("none",), occupancy=True)  # no findings
    if factor is not None:
        if rps is not None:
            raise Misuse("--rps and --factor say the same thing: give one")
        if not options.context.get("rps") and not any(table.rps for table in config.endpoint):
            raise Misuse("--factor needs `rps` under [tool.fastperf.context]; or give --rps")
    site = capacity.sites(options, deployment.read(project.texts()))
    endpoints = [
        entry
        for entry in scan(project, options, fixes="none").result.endpoints
        if not endpoint
        or any(
            fnmatchcase(f"{entry.method} {entry.path}", one) or fnmatchcase(entry.path, one)
            for one in endpoint
        )
    ]
    if endpoint and not endpoints:
        raise Misuse(f"no endpoint matches {', '.join(endpoint)}; `fastperf check --endpoints` lists them")
    ceilings = capacity.capacities(endpoints, site)
    load = demand.loads(config, factor) if factor is not None else lambda _: rps or 0.0
    plan = scaling.Plan(
        site=capacity.common_site(endpoints, site),
        capacities=load_plans.loaded(ceilings, load),
        websockets=tuple(capacity.websockets(endpoints, site)),
        wanted=rps or (factor or 0.0) * float(options.context.get("rps", 0)),
    )
    if output_format == "json":
        click.echo(scaling.as_json(plan), nl=False)
    elif output_format == "html":
        click.echo(scaling.as_html(plan))
    else:
        from app.terminal import console

        console().print(scaling.as_text(plan))
    sys.exit(1 if plan.short else 0)


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--freeze", is_flag=True, help="Write today's costs as budgets; older, tighter ones stay.")
@click.option("--loosen", is_flag=True, help="With --freeze: raise frozen budgets to today's costs too.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def budget(path: Path, freeze: bool, loosen: bool, output_format: str) -> None:
    """Say which endpoints keep their budgets (`[[budget]]` in the configuration). Exits 1 when one does not."""
    import msgspec

    from app import budget as budgeting
    from app import discovery
    from app.check import scan

    if loosen and not freeze:
        raise Misuse("--loosen needs --freeze")
    try:
        root = discovery.root_of((path,))
        config, project = configured(root, None, (path,))
    except discovery.DiscoveryError as error:
        raise Misuse(str(error)) from None
    options = msgspec.structs.replace(config.options(), select=("none",))  # costs alone, no findings
    endpoints = scan(project, options, fixes="none").result.endpoints
    if freeze:
        try:
            done = budgeting.freeze(root, endpoints, config, loosen=loosen)
        except ValueError as error:
            raise Misuse(str(error)) from None
        for frozen in done:
            frozen.path.parent.mkdir(parents=True, exist_ok=True)
            frozen.path.write_text(frozen.text, encoding="utf-8")
            kept = (
                f"; {frozen.kept} cost more than what was frozen before, which stays" if frozen.kept else ""
            )
            click.echo(f"Froze the costs of {frozen.count} endpoints in {frozen.path}{kept}")
        return
    rows, unused = budgeting.rows(endpoints, options), budgeting.dead(endpoints, options)
    if output_format == "json":
        click.echo(budgeting.as_json(rows, unused), nl=False)
    else:
        from app.terminal import console

        console().print(budgeting.as_text(rows, unused))
    sys.exit(1 if any(row.beyond for row in rows) else 0)


@click.command()
@click.argument("endpoint")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def diagnose(endpoint: str, path: Path, output_format: str) -> None:
    """Show all that one request costs, and where: ENDPOINT is "GET /orders", PATH its project (here, if not given)."""
    import json

    from app import diagnosis, discovery, terminal
    from app.printable import visible
    from rules.engine.diagnosis import diagnose as diagnosed
    from rules.engine.diagnosis import find

    try:
        root = discovery.root_of((path,))
        config, project = configured(root, None, (path,))
    except discovery.DiscoveryError as error:
        raise Misuse(str(error)) from None
    method, _, route = endpoint.strip().rpartition(" ")
    with progress(len(project.files)) as advance:
        linked = diagnosis.linked(project.read(), project.texts(), options_of(config, (), ()), advance)
    found = [diagnosed(linked, each) for each in find(linked, method.strip().upper(), route)]
    if not found:
        raise Misuse(f"no endpoint {endpoint!r}; `fastperf check --endpoints` lists them")
    if output_format == "json":
        click.echo(json.dumps([diagnosis.contract(each) for each in found], indent=2, ensure_ascii=False))
        return
    console = terminal.console(uncut=True)
    for each in found:
        console.print(diagnosis.tree(each))
        console.print(f"\n{visible(diagnosis.legend(each))}", style="dim", highlight=False)
