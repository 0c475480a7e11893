"""Cells of lists and pages: badges, chips, bars and figures with the exact value on hover."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from biotech_ma.core.admin import figures
from biotech_ma.core.wording import key_in_words

SEVERITY_TONES = {"low": "grey", "medium": "blue", "high": "amber", "critical": "red"}

QUARTERS_CRITICAL = 4
QUARTERS_SHORT = 8


def column[F: Callable[..., Any]](
    title: str,
    *,
    order: Any = None,
    numeric: bool = False,
    boolean: bool = False,
    data: Any = None,
    figure: str = "",
) -> Callable[[F], F]:
    """Describe a list column: its heading, what it sorts by, and whether it holds figures (right-aligned).

    `data` says what it is in a file where that is not what it sorts by; see `column_data`. `figure` says which figures
    it holds where these are no scores, ranks or the like: `usd` and `count` have a sum, `share` is shown as per cent.
    """

    def describe(function: F) -> F:
        function.short_description = title  # type: ignore[attr-defined]
        if order is not None:
            function.admin_order_field = order  # type: ignore[attr-defined]
        if numeric:
            function.formatting = "price"  # type: ignore[attr-defined]
        if boolean:
            function.boolean = True  # type: ignore[attr-defined]
        if data is not None:
            function.data = data  # type: ignore[attr-defined]
        if figure:
            function.figure = figure  # type: ignore[attr-defined]
        return function

    return describe


def unknown(hint: str = "Not known yet") -> SafeString:
    """Return the dash that stands for an unknown value, with a hint on hover."""
    return format_html('<span class="desk-unknown" title="{}">{}</span>', hint, figures.UNKNOWN)


def hover(text: str, title: str) -> SafeString:
    """Return figures in a cell with more on hover."""
    return format_html('<span class="desk-figure" title="{}">{}</span>', title, text)


def money(value: Decimal | None, *, note: str = "", hint: str = "Not known yet") -> SafeString:
    """Return dollars at a glance, the exact amount and its note (source, day) on hover."""
    if value is None:
        return unknown(hint)
    title = " · ".join(filter(None, (figures.exact_money(value), note)))
    return format_html(
        '<span data-usd="{}" class="desk-figure" title="{}">{}</span>', f"{value:f}", title, figures.money(value)
    )


def number(value: Decimal | int | None, digits: int = 1, *, hint: str = "Not known yet", note: str = "") -> SafeString:
    """Return a number, the exact one on hover."""
    if value is None:
        return unknown(hint)
    title = " · ".join(filter(None, (str(value), note)))
    shown = figures.number(value, digits)
    return format_html('<span data-number="{}" class="desk-figure" title="{}">{}</span>', value, title, shown)


def change(value: Decimal | None, *, hint: str = "No score near that day to compare with") -> SafeString:
    """Return a signed change, green up and red down."""
    if value is None:
        return unknown(hint)
    tone = "up" if value > 0 else "down" if value < 0 else "flat"
    return format_html('<span class="desk-figure desk-{}" title="{}">{}</span>', tone, value, figures.change(value))


def day(value: dt.date | dt.datetime | None, *, hint: str = "Not known yet") -> SafeString:
    """Return a day; an instant stands on hover."""
    if value is None:
        return unknown(hint)
    full = figures.moment(value) if isinstance(value, dt.datetime) else figures.day(value)
    return format_html('<span class="desk-day" title="{}">{}</span>', full, figures.day(value))


def market_day(value: dt.datetime | None, *, hint: str = "Not known yet") -> SafeString:
    """Return the market's day of an event, the same for every user; the instant in the user's zone stands on hover."""
    if value is None:
        return unknown(hint)
    return format_html('<span class="desk-day" title="{}">{}</span>', figures.moment(value), figures.market_day(value))


def moment(value: dt.datetime | None, *, hint: str = "Not known yet") -> SafeString:
    """Return an instant in the user's zone."""
    if value is None:
        return unknown(hint)
    return format_html('<span class="desk-day">{}</span>', figures.moment(value))


def ago(value: dt.datetime | None, *, hint: str = "Never") -> SafeString:
    """Return how long ago that was, with the instant on hover."""
    if value is None:
        return unknown(hint)
    return format_html('<span class="desk-day" title="{}">{}</span>', figures.moment(value), figures.age(value))


def badge(text: str, tone: str = "grey", *, title: str = "") -> SafeString:
    """Return a small coloured label: grey, blue, green, amber or red."""
    return format_html('<span class="desk-badge desk-badge-{}" title="{}">{}</span>', tone, title, text)


def severity(value: str, text: str) -> SafeString:
    """Return the badge of a severity."""
    return badge(text, SEVERITY_TONES.get(value, "grey"))


def runway(quarters: Decimal | None, *, burns: bool | None = None) -> SafeString:
    """Return a runway with the colour of its urgency: red under four quarters, amber under eight."""
    if quarters is None:
        if burns is False:
            return badge("earns cash", "green", title="Operating cash flow is positive: there is no runway to run out")
        return unknown("Liquid funds or burn are not known")
    tone = "red" if quarters < QUARTERS_CRITICAL else "amber" if quarters < QUARTERS_SHORT else "green"
    title = f"{quarters} quarters of liquid funds at the present burn"
    shown = badge(f"{figures.number(quarters)} q", tone, title=title)
    return format_html('<span data-number="{}">{}</span>', quarters, shown)


def chips(values: Iterable[str], labels: Mapping[str, str] | None = None, *, most: int = 3) -> SafeString:
    """Return values as chips; beyond `most` of them a count with the rest on hover."""
    texts = [(labels or {}).get(value, value) for value in values]
    if not texts:
        return unknown("None given")
    shown = format_html_join("", '<span class="desk-chip">{}</span>', ((text,) for text in texts[:most]))
    rest = texts[most:]
    if not rest:
        return format_html('<span class="desk-chips">{}</span>', shown)
    return format_html(
        '<span class="desk-chips">{}<span class="desk-chip" title="{}">+{}</span></span>',
        shown,
        ", ".join(rest),
        len(rest),
    )


def bar(value: Decimal | None, top: int = 100, *, digits: int = 1, hint: str = "Not computed") -> SafeString:
    """Return a figure with a bar of its share of `top`."""
    if value is None:
        return unknown(hint)
    share = max(Decimal(0), min(Decimal(100), value * 100 / top))
    return format_html(
        '<span data-number="{0}" class="desk-bar" title="{0} of {1}"><span class="desk-track">'
        '<span class="desk-fill" style="width: {2}%"></span></span><span class="desk-figure">{3}</span></span>',
        value,
        top,
        f"{share:.1f}",
        figures.number(value, digits),
    )


SPARK_WIDTH, SPARK_HEIGHT = 60, 18


def spark(values: Sequence[float], *, title: str, hint: str = "Not enough days to draw") -> SafeString:
    """Return a line of the values in the size of a word, the newest last; `title` says what it shows."""
    if len(values) < 2:  # noqa: PLR2004 - one point is no line
        return unknown(hint)
    low, high = min(values), max(values)
    span = (high - low) or 1
    step = SPARK_WIDTH / (len(values) - 1)
    points = " ".join(
        f"{place * step:.1f},{SPARK_HEIGHT - 1 - (value - low) / span * (SPARK_HEIGHT - 2):.1f}"
        for place, value in enumerate(values)
    )
    return format_html(
        '<svg class="desk-spark" role="img" aria-label="{0}" viewBox="0 0 {1} {2}" width="{1}" height="{2}">'
        '<title>{0}</title><polyline points="{3}"></polyline></svg>',
        title, SPARK_WIDTH, SPARK_HEIGHT, points,
    )  # fmt: skip


def outside(url: str) -> SafeString:
    """Return the way to a source outside: it opens a page of its own and tells the other side nothing."""
    return format_html(
        '<a class="desk-link desk-outside" href="{0}" title="{0}" aria-label="Source: {0}" target="_blank"'
        ' rel="noopener noreferrer"><span class="material-symbols-outlined" aria-hidden="true">open_in_new</span></a>',
        url,
    )


def link(url: str, text: Any, *, title: str = "") -> SafeString:
    """Return a link to another page of the desk."""
    return format_html('<a class="desk-link" href="{}" title="{}">{}</a>', url, title, text)


def beside(*cells: Any) -> SafeString:
    """Return cells one beside the other."""
    return format_html('<span class="desk-cells">{}</span>', format_html_join(" ", "{}", ((cell,) for cell in cells)))


def lines(texts: Iterable[str]) -> SafeString:
    """Return texts one below the other."""
    return format_html_join("", '<span class="desk-line">{}</span>', ((text,) for text in texts))


def bullets(texts: Iterable[str], *, empty: str = "None given") -> SafeString:
    """Return texts as a list."""
    items = list(texts)
    if not items:
        return unknown(empty)
    return format_html(
        '<ul class="desk-list">{}</ul>', format_html_join("", "<li>{}</li>", ((text,) for text in items))
    )


def definitions(values: Mapping[str, Any] | None, *, empty: str = "None given") -> SafeString:
    """Return an object as names and values."""
    if not values:
        return unknown(empty)
    pairs = ((key_in_words(key), _value(key, value)) for key, value in values.items())
    return format_html('<dl class="desk-definitions">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", pairs))


def _value(key: str, value: Any) -> str | SafeString:
    """Return a value of an object; what its name calls dollars as money."""
    try:
        amount = Decimal(str(value)) if key.endswith("_usd") and not isinstance(value, bool) else None
    except InvalidOperation:
        amount = None
    return money(amount) if amount is not None and amount.is_finite() else figures.plain(value)


def cut(text: str) -> SafeString:
    """Return text cut at the column's width, in full on hover."""
    return format_html('<span class="desk-wide-text" title="{0}">{0}</span>', text)


def code(text: str) -> SafeString:
    """Return text in the letters of a terminal."""
    return format_html('<code class="desk-mono">{}</code>', text)


def preformatted(text: str) -> SafeString:
    """Return text of many lines as it is."""
    return format_html('<pre class="desk-pre">{}</pre>', text)
