"""Medians, and the table a person reads (at most 100 columns wide)."""

import statistics
import textwrap

MB = 1_000_000
WIDTH = 100


def spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def summarize(runs: list, input_bytes: int) -> dict[str, object]:
    """What one engine's runs of one workload come to. Sizes in MB of 10^6 bytes, times in seconds."""
    wall = spread([run.wall_s for run in runs])
    return {
        "runs": len(runs),
        "wall_s": wall,
        "cpu_s": spread([run.cpu_s for run in runs]),
        "mb_per_s": input_bytes / MB / wall["median"],
        "peak_mb": spread([run.process.peak_bytes / MB for run in runs]),
        "output_mb": spread([run.output_bytes / MB for run in runs]),
        "parts": runs[-1].parts,
        "process_wall_s": spread([run.process.wall_s for run in runs]),
        "startup_s": spread([run.process.wall_s - run.wall_s for run in runs]),
    }


def ratios(sluice: dict, duckdb: dict) -> dict[str, float]:
    """DuckDB's median over Sluice's: above 1, Sluice takes less."""
    return {
        name: duckdb[name]["median"] / sluice[name]["median"] for name in ("wall_s", "cpu_s", "peak_mb", "output_mb")
    }


def _span(figure: dict[str, float], digits: int) -> str:
    return f"{figure['median']:.{digits}f} ({figure['min']:.{digits}f}-{figure['max']:.{digits}f})"


def _line(name: str, one: dict) -> str:
    return (
        f"  {name:<13}{_span(one['wall_s'], 2):>20}{one['mb_per_s']:>8.0f}{_span(one['cpu_s'], 2):>21}"
        f"{_span(one['peak_mb'], 0):>18}{one['output_mb']['median']:>8.1f}"
    )


HEAD = f"  {'':<13}{'wall s (min-max)':>20}{'MB/s':>8}{'CPU s (min-max)':>21}{'peak MB':>18}{'out MB':>8}"


def table(results: dict) -> str:
    environment = results["environment"]
    lines = [
        f"sluice normalize and DuckDB {environment['duckdb']}, {results['threads']} threads each, "
        f"seed {results['seed']}",
        f"{environment['cpu']}, {environment['cores']} cores, load before: {environment['load']:.1f}",
    ]
    for name, work in results["workloads"].items():
        lines += ["", f"{name}: {work['input_bytes'] / MB:.1f} MB, {work['documents']:,} documents", HEAD]
        lines += [_line(engine, figures) for engine, figures in work["engines"].items()]
        if "ratios" in work:
            r = work["ratios"]
            lines.append(
                f"  {'duckdb/sluice':<13}{r['wall_s']:>19.2f}x{'':>8}{r['cpu_s']:>20.2f}x"
                f"{r['peak_mb']:>17.2f}x{r['output_mb']:>7.2f}x"
            )
        for note in work["notes"]:
            lines += textwrap.wrap(note, WIDTH, initial_indent="  ", subsequent_indent="    ")
    lines += ["", *results["notes"]]
    return "\n".join(lines)
