# SPDX-License-Identifier: MIT
"""The main rows as bars: how many times as good as omicsfs, on a log scale."""

import math
from xml.sax import saxutils

from bench import table

COLOURS = {"omicsfs, no passthrough": "#7aa6c2", "rclone, full": "#d1495b",
           "rclone, cache off": "#edae49", "httpdirfs": "#8d6a9f", "httpfs2": "#66a182",
           "curl": "#8c8c8c", "curl, 16 ranges": "#5c5c5c", "FUSE ceiling": "#b0a18f"}
DISK = "#2e4057"
LABELS, PLOT, RIGHT, TOP, BAR, GAP = 300, 520, 60, 76, 8, 12
LEAST, MOST = 1e-3, 10.0  # of the scale; what is beyond is cut, its number is not


def colour_of(name):
    return COLOURS.get(name, DISK)


def x_of(ratio):
    share = math.log(min(max(ratio, LEAST), MOST) / LEAST) / math.log(MOST / LEAST)
    return LABELS + share * PLOT


def text(x, y, words, **attributes):
    extra = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{extra}>{saxutils.escape(words)}</text>'


def bar(y, ratio, colour):
    one, end = x_of(1), x_of(ratio)
    left, right = min(one, end), max(one, end)
    number = text(right + 3, y + BAR - 1, table.short(ratio), font_size=8, fill="#444")
    return (f'<rect x="{left:.1f}" y="{y}" width="{max(right - left, 1):.1f}" '
            f'height="{BAR - 1}" fill="{colour}"/>{number}')


def advantage(figures, row, name):
    """How many times as good as omicsfs; None where there is no figure."""
    ratio = figures.ratio(row.key, name)
    return ratio if ratio is None or row.more_is_better else 1 / max(ratio, 1e-9)


def legend(names):
    places = ((LABELS + 175 * (index % 3), 34 + 13 * (index // 3), name)
              for index, name in enumerate(names))
    return [f'<rect x="{x}" y="{y - 8}" width="9" height="9" fill="{colour_of(name)}"/>'
            + text(x + 13, y, name) for x, y, name in places]


def groups(figures, rows, names, words):
    """The SVG of each row that has a figure to show, and where the last ends."""
    y, parts = TOP, []
    for row in rows:
        shown = [(name, ratio) for name in names
                 if (ratio := advantage(figures, row, name)) is not None]
        if not shown:
            continue
        middle = y + BAR * len(shown) / 2 + 4
        parts.append(text(LABELS - 10, middle, row.plotted.format(**words), text_anchor="end"))
        for name, ratio in shown:
            parts.append(bar(y, ratio, colour_of(name)))
            y += BAR
        y += GAP
    return parts, y


def grid(bottom):
    lines = []
    for power in range(-3, 2):
        x = x_of(10.0 ** power)
        lines.append(f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{bottom}" '
                     f'stroke="{"#000" if power == 0 else "#ddd"}"/>')
        lines.append(text(x, bottom + 14, f"{10.0 ** power:g}", text_anchor="middle"))
    return lines


def svg(figures, rows, names, words):
    peers = [name for name in names if name != table.OURS]
    parts, bottom = groups(figures, [row for row in rows if row.plotted], peers, words)
    width, height = LABELS + PLOT + RIGHT, bottom + 26
    title = text(10, 16, "How many times as good as omicsfs (= 1); to the right is better",
                 font_size=13, font_weight="bold")
    body = "\n".join([title, *legend(peers), *grid(bottom), *parts])
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">\n'
            f'<rect width="{width}" height="{height}" fill="#fff"/>\n{body}\n</svg>\n')
