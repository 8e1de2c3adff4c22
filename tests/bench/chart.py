"""The plot of a benchmark: for 10 and 1000 variables, each launcher's time as a ratio to C's, on a logarithmic axis."""

import math
from html import escape

WIDTH, LEFT, ROW, TOP = 780, 230, 24, 64
OURS, OTHERS, INK, FAINT = "#0b6e4f", "#7a869a", "#1f2933", "#d5dae1"
LEFT_OUT = ("C", "C, behind the same filter", "inject, fallback arena", "/bin/true alone")


def panel(times, count, y, most):
    floor = times[count]["C"]
    rows = sorted(((time / floor, name) for name, time in times[count].items() if name not in LEFT_OUT))
    right = WIDTH - 70
    x = lambda ratio: LEFT + (right - LEFT) * math.log(max(ratio, 1)) / math.log(most)
    out = [f'<text x="16" y="{y - 14}" font-weight="600">{count} variables</text>']
    bottom = y + ROW * len(rows)
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if tick <= most]
    for tick in ticks:
        at = x(tick)
        out.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{y}" y2="{bottom}" stroke="{FAINT}"/>')
        out.append(f'<text x="{at:.1f}" y="{bottom + 15}" text-anchor="middle" font-size="11">{tick}×</text>')
    for row, (ratio, name) in enumerate(rows):
        middle = y + ROW * row + ROW / 2
        ours = name.startswith("inject")
        colour, weight = (OURS, 600) if ours else (OTHERS, 400)
        out.append(f'<text x="{LEFT - 12}" y="{middle + 4}" text-anchor="end" font-weight="{weight}">{escape(name)}</text>')
        out.append(f'<line x1="{LEFT}" x2="{x(ratio):.1f}" y1="{middle}" y2="{middle}" stroke="{colour}" stroke-width="3"/>')
        out.append(f'<circle cx="{x(ratio):.1f}" cy="{middle}" r="5" fill="{colour}"/>')
        label = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
        out.append(f'<text x="{x(ratio) + 10:.1f}" y="{middle + 4}" font-weight="{weight}">{label}</text>')
    return out, bottom


def draw(times):
    """`times[count][name]` in ms, as SVG."""
    most = 1.3 * max(times[n][name] / times[n]["C"] for n in (10, 1000) for name in times[n])
    first, bottom = panel(times, 10, TOP + 24, most)
    second, bottom = panel(times, 1000, bottom + 64, most)
    height = bottom + 34
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="16" y="26" font-size="16" font-weight="600">The time to start /bin/true with its variables</text>',
        '<text x="16" y="46" fill="#52606d">as a ratio to a C program that does nothing but exec (least of all rounds, '
        "logarithmic)</text>",
    ]
    return "\n".join([*head, *first, *second, "</svg>", ""])
