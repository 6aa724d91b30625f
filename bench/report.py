"""The figures of one run as text: a table for each question, each figure beside what it is compared with."""

from collections import defaultdict
from typing import Any

AIMS = {"per_cpu": 0.70, "p99_ms": 100.0, "idle_kib": 30.0}


def text(result: dict[str, Any]) -> str:
    """All tables."""
    parts = [
        _head(result),
        _rates(result),
        _overload(result),
        _idle(result),
        _nuisances(result),
        _stages(result),
        _profile(result),
    ]
    return "\n\n".join(part for part in [*parts, _aims(result)] if part)


def _head(result: dict[str, Any]) -> str:
    machine, disk = result["machine"], result["disk"]
    return (
        f"{machine['at']}, {machine['cores']} cores ({machine['processor']}), Python {machine['python']}\n"
        f"Envelopes of 722 bytes, both ways, {result['plan']['conversations']} conversations,"
        f" {result['connected']['connections']} connections\n"
        f"{result['plan']['rounds']} rounds of {result['plan']['seconds']} s at each rate; told is the one with the"
        f" middle ratio, and beside it the lowest and the highest\n"
        f"Raw fdatasync of 4 KiB: {disk[0]:,.0f} a second before, {disk[-1]:,.0f} after"
    )


def _rates(result: dict[str, Any]) -> str:
    lines = [
        "offered/s          delivered/s   per CPU-s   of bare   p50 ms   p95 ms   p99 ms   refused   lost"
        "   CPU  others' CPU  generator"
    ]
    for rate in result["plan"]["rates"]:
        for name in ("bare", "ours"):
            one, base = result[name][str(rate)], result["bare"][str(rate)]
            share = one["delivered_per_cpu_s"] / base["delivered_per_cpu_s"]
            late = one["to_delivery_ms"]
            lines.append(
                f"{rate:>8,} {name:<6} {one['delivered_per_s']:>12,.0f} {one['delivered_per_cpu_s']:>11,.0f}"
                f" {share:>8.0%} {late['p50']:>9.1f} {late['p95']:>8.1f} {late['p99']:>8.1f}"
                f" {refused(one):>9,} {lost(one):>6,} {one['cpu']['total'] / one['cpu']['at']:>5.2f}"
                f" {one['others_cpu']:>12.2f} {one['generator_cpu']:>10.2f}"
            )
        shares = [ratio(one) for one in result["rounds"][str(rate)]]
        lines[-1] += f"   ({min(shares):.0%} to {max(shares):.0%})"
    return "\n".join(lines)


def _overload(result: dict[str, Any]) -> str:
    rates = sorted(result["plan"]["rates"])
    high, low = result["ours"][str(rates[-1])], result["ours"][str(rates[-2])]
    share = high["delivered_per_s"] / low["delivered_per_s"]
    return f"Overload: {rates[-1]:,}/s offered delivers {share:.0%} of what {rates[-2]:,}/s offered delivers"


def _idle(result: dict[str, Any]) -> str:
    mine, base = result["ours"]["idle"], result["bare"]["idle"]
    return (
        f"Idle connections ({mine['connections']:,}): {mine['per_connection'] / 1024:.1f} KiB each"
        f" (bare {base['per_connection'] / 1024:.1f}); {mine['connections'] / mine['seconds']:,.0f} resumed a second"
    )


def _nuisances(result: dict[str, Any]) -> str:
    if "nuisances" not in result:
        return ""
    lines = ["p95 to delivery of 200 others, and memory       before   during    after   during/before"]
    for kind, found in result["nuisances"].items():
        late = [found[when]["to_delivery_ms"]["p95"] for when in ("before", "during", "after")]
        size = [found[when]["memory"] / 2**20 for when in ("before", "during", "after")]
        lines.append(f"  {kind:<30} {'p95 ms':>10} " + "".join(f"{one:>9.1f}" for one in late) + _times(late))
        lines.append(f"  {'':<30} {'MiB':>10} " + "".join(f"{one:>9.1f}" for one in size) + _times(size))
    return "\n".join(lines)


def _times(figures: list[float]) -> str:
    return f"{figures[1] / figures[0]:>16.2f}"


def _stages(result: dict[str, Any]) -> str:
    """Microseconds for each delivered message, by thread and by stage."""
    rates = result["plan"]["rates"]
    columns = [f"{name} {rate:,}" for rate in rates for name in ("bare", "ours")]
    table: dict[str, list[str]] = defaultdict(list)
    for rate in rates:
        for name in ("bare", "ours"):
            for row, value in _stage_rows(result[name][str(rate)]).items():
                table[row].append(value)
    width = max(len(column) for column in columns) + 2
    lines = ["microseconds a message  " + "".join(f"{column:>{width}}" for column in columns)]
    lines += [f"  {row:<22}" + "".join(f"{value:>{width}}" for value in values) for row, values in table.items()]
    return "\n".join(lines)


def _stage_rows(one: dict[str, Any]) -> dict[str, str]:
    messages = max(1, one["counts"].get("delivered_in_window", 0))
    cpu, stages = one["cpu"], one["stages"]
    rows = {
        "processor, all": cpu["total"] * 1e6 / messages,
        "  of it in the kernel": cpu["system"] * 1e6 / messages,
        "  event loop thread": cpu["loop"] * 1e6 / messages,
        "  writer thread": cpu["writer"] * 1e6 / messages,
        "  other threads": cpu["others"] * 1e6 / messages,
    }
    told = {row: f"{value:.1f}" for row, value in rows.items()}
    for name in ("settle_ns", "write_work_ns", "commit_ns"):
        told[f"wall: {name.removesuffix('_ns')}"] = f"{stages[name] / 1000 / messages:.1f}" if name in stages else "-"
    commits = stages.get("commits", 0)
    told["jobs in a commit"] = f"{stages['jobs'] / commits:.1f}" if commits else "-"
    told["ms a commit"] = f"{stages['commit_ns'] / 1e6 / commits:.2f}" if commits else "-"
    return told


def _profile(result: dict[str, Any]) -> str:
    if "profile" not in result:
        return ""
    lines = [
        "Where the threads were at 2,000/s (loop: time in each function itself; writer: samples, waiting included)"
    ]
    for thread, rows in result["profile"].items():
        lines += [f"  {thread:<7} {share:>5.1%}  {place}" for place, share in rows]
    return "\n".join(lines)


def _aims(result: dict[str, Any]) -> str:
    checked = [rate for rate in (2_000, 6_000) if str(rate) in result["ours"]]
    lines = []
    for rate in checked:
        mine, base = result["ours"][str(rate)], result["bare"][str(rate)]
        share = mine["delivered_per_cpu_s"] / base["delivered_per_cpu_s"]
        lines.append(_aim(f"per CPU-second at {rate:,}/s, of the bare relay", share >= AIMS["per_cpu"], f"{share:.0%}"))
    p99 = result["ours"]["2000"]["to_delivery_ms"]["p99"]
    lines.append(_aim("p99 to delivery at 2,000/s under 100 ms", p99 < AIMS["p99_ms"], f"{p99:.1f} ms"))
    kib = result["ours"]["idle"]["per_connection"] / 1024
    lines.append(_aim("memory of an idle connection at most 30 KiB", kib <= AIMS["idle_kib"], f"{kib:.1f} KiB"))
    missing = sum(lost(result["ours"][str(rate)]) for rate in result["plan"]["rates"])
    lines.append(_aim("nothing lost, nothing altered", not missing, f"{missing}"))
    return "Aims\n" + "\n".join(lines)


def _aim(what: str, holds: bool, figure: str) -> str:
    return f"  {'holds' if holds else 'FALLS SHORT':<12} {what}: {figure}"


def ratio(one: dict[str, Any]) -> float:
    """What our server does in a CPU-second, as a share of what the bare relay does, in one round."""
    mine, base = one["ours"]["delivered_per_cpu_s"], one["bare"]["delivered_per_cpu_s"]
    return float(mine / base)


def refused(one: dict[str, Any]) -> int:
    """How many were told that it is busy."""
    return int(one["counts"].get("busy", 0))


def lost(one: dict[str, Any]) -> int:
    """Acknowledged and not delivered, never answered, or refused for any reason but busy."""
    harmless = {"offered", "delivered_in_window", "busy", "given_up"}
    return sum(count for name, count in one["counts"].items() if name not in harmless)
