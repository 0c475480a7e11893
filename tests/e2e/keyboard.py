"""A walk over a page by Tab alone: what is reached, in which order, and whether one sees where one is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# What a hand could use: visible, not switched off, not taken out of the order. Of radio buttons one stop is enough.
FIND = r"""
() => {
  // what takes a click without being of the order is there to be missed
  const clicked = "[x-on\\:click], [x-on\\:click\\.prevent], [onclick]";
  const wanted = `a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex], ${clicked}`;
  const seen = (each) => {
    const box = each.getBoundingClientRect();
    return each.checkVisibility({visibilityProperty: true, opacityProperty: false}) && box.width > 0 && box.height > 0;
  };
  const groups = new Set();
  let number = 0;
  for (const each of document.querySelectorAll(wanted)) {
    const isBare = each.matches(clicked) && !each.matches("label") && each.textContent.trim();
    if (each.disabled || (each.tabIndex < 0 && !isBare) || !seen(each) || each.closest("[inert]")) continue;
    if (each.tabIndex < 0 && each.closest("button, a[href], label")) continue;
    if (each.type === "radio") {
      const group = each.form + each.name;
      if (groups.has(group)) continue;
      groups.add(group);
    }
    each.dataset.walk = ++number;
  }
  return number;
}
"""
# How the element that has the focus looks, and how it looks without.
LOOK = """
() => {
  const each = document.activeElement;
  if (!each || each === document.body) return null;
  const box = each.closest("label") || each.closest(".select2-selection");
  const parts = [each, each.parentElement, box, each.nextElementSibling].filter(Boolean);
  const drawn = () => parts.map((part) => {
    const style = getComputedStyle(part);
    const outline = style.outlineStyle === "none" || style.outlineWidth === "0px" ? "" : style.outline;
    return [outline, style.boxShadow, style.borderColor, style.backgroundColor, style.textDecorationLine].join();
  }).join();
  const here = drawn();
  let without = "";
  if (/^(date|time)/.test(each.type)) {
    // it has stops of its own, which a new focus would begin again; the last is the browser's button
    without = each.matches(":focus") && getComputedStyle(each).outlineStyle === "none" ? here : "";
  } else {
    each.blur();
    without = drawn();
    each.focus({preventScroll: true, focusVisible: true});
  }
  const words = (each.getAttribute("aria-label") || each.innerText || each.name || each.id || "").trim().slice(0, 40);
  const number = Number(each.dataset.walk || each.closest("[data-walk]")?.dataset.walk || 0);
  const bar = document.querySelector("#submit-row, .desk-save");
  const [edge, place] = [bar?.getBoundingClientRect().top ?? innerHeight, each.getBoundingClientRect()];
  const isBehind = Boolean(bar?.parentElement.contains(each) && !bar.contains(each))
    && getComputedStyle(bar).position === "sticky" && place.bottom > edge + 1 && place.top > 0 && place.height < edge;
  return {number, words: `${each.tagName} ${words}`, shown: here !== without, isBehind};
}
"""

MISSED = "(n) => document.querySelector(`[data-walk='${n}']`)?.outerHTML.slice(0, 120) || ''"


@dataclass
class Walk:
    """What a walk has found."""

    count: int
    reached: set[int] = field(default_factory=set)
    unseen: list[str] = field(default_factory=list)
    trapped: bool = False
    missed: list[str] = field(default_factory=list)


def walk(page: Any) -> Walk:
    """Press Tab until the page is left; a walk without end is a trap. A box for a day has up to four stops."""
    found = Walk(page.evaluate(FIND))
    # from the top, wherever the page put the focus
    page.evaluate("() => document.querySelector('[data-walk=\"1\"]').focus()")
    found.reached.add(1)
    for _ in range(5 * found.count + 20):
        page.keyboard.press("Tab")
        here = page.evaluate(LOOK)
        if here is None:
            break
        if here["number"] in found.reached and here["number"] == 1:
            break
        found.reached.add(here["number"])
        if not here["shown"]:
            found.unseen.append(here["words"])
        if here["isBehind"]:
            found.unseen.append(f"{here['words']} (behind the bar at the foot)")
    else:
        found.trapped = True
    missing = set(range(1, found.count + 1)) - found.reached
    found.missed = [page.evaluate(MISSED, number) for number in sorted(missing)[:5]]
    return found
