"""`python -m benchmarks`: measure, write `build/bench.json`, print the table."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console

from benchmarks.goals import GOALS_FILE, read_goals
from benchmarks.report import merged, read_rows, show, write_rows
from benchmarks.runner import PART_LIMIT_S, command, rows_of_part

BUILD = Path(__file__).resolve().parent.parent / "build"
FEWEST_ROUNDS = 4
"""On a shared machine late ticks of 1-4 ms happen to everyone; a median of four bears one."""


@click.command()
@click.option("--only", "only", metavar="PART", help="Measure this part; keep the others' rows.")
@click.option(
    "--rounds", type=click.IntRange(min=1), default=FEWEST_ROUNDS, show_default=True,
    help="Interleaved rounds of each comparison.",
)  # fmt: skip
@click.option("--list", "listing", is_flag=True, help="Show the goals; measure nothing.")
def main(only: str | None, rounds: int, listing: bool) -> None:
    """Measure what is promised in numbers. Ends with 0 whenever it measured, goals met or not."""
    goals = read_goals(GOALS_FILE.read_text(encoding="utf-8"))
    if only is not None and only not in goals.parts:
        raise click.BadParameter(
            f"there is no part {only!r}; the parts are {', '.join(goals.parts)}",
            param_hint="--only",
        )
    parts = [only] if only else list(goals.parts)
    if listing:
        for part in parts:
            click.echo(f"{part}: {goals.parts[part]}")
            for goal in goals.of_part(part):
                click.echo(f"  {goal.id} {goal.comparison} {goal.goal:g} {goal.unit}")
                click.echo(f"      {goal.means}")
        return
    results = BUILD / "bench.json"
    rows = read_rows(results)
    for part in parts:
        with TemporaryDirectory(prefix="sorigil-bench-") as scratch:
            argv = command(part, rounds, PART_LIMIT_S, BUILD, Path(scratch))
            fresh = rows_of_part(goals, part, argv, PART_LIMIT_S, click.echo)
        rows = merged(rows, fresh, part, goals)
        write_rows(results, rows)
    # Wide enough for whole reasons, also where the output goes into a file.
    if measured := [row for row in rows if row["part"] in parts]:
        show(measured, Console(width=160))
    click.echo(f"written: {results}")


if __name__ == "__main__":
    main()
