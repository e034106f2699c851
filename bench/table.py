# SPDX-License-Identifier: MIT
"""Figures of all runs as one Markdown table."""

import statistics

OURS = "omicsfs"


class Figures:
    """Figures by row and contestant; a text in place of one says what failed."""

    def __init__(self):
        self._seen = {}

    def add(self, row, contestant, figure):
        self._seen.setdefault((row, contestant), []).append(figure)

    def has(self, row):
        return any(key == row for key, _ in self._seen)

    def median(self, row, contestant):
        """The median, the first failure's text, or None."""
        seen = self._seen.get((row, contestant), [])
        failures = [figure for figure in seen if isinstance(figure, str)]
        return failures[0] if failures else statistics.median(seen) if seen else None

    def ratio(self, row, contestant):
        """To omicsfs; None where there is none."""
        figure, ours = self.median(row, contestant), self.median(row, OURS)
        if isinstance(figure, float) and isinstance(ours, float) and ours > 0:
            return figure / ours
        return None


def short(figure):
    if figure >= 100:
        return f"{figure:.0f}"
    if figure >= 10:
        return f"{figure:.1f}"
    return f"{figure:.2f}" if figure >= 0.1 else f"{figure:.1g}"


def cell(figures, row, contestant):
    figure = figures.median(row, contestant)
    if figure is None or isinstance(figure, str):
        return figure or "–"
    ratio = figures.ratio(row, contestant)
    aside = "" if ratio is None or contestant == OURS else f" ({short(ratio)})"
    return short(figure) + aside


def markdown(figures, rows, names, words):
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for row in rows:
        if figures.has(row.key):
            cells = [cell(figures, row.key, name) for name in names]
            lines.append(f"| {row.label.format(**words)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
