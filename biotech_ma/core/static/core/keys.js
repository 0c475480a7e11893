// Unfold opens its filters, row menus and sections by a click on plain text: here Tab reaches them, Enter and Space open.
const NATIVE = "button, a[href], input, select, textarea, summary, label";
const NAMES = {more_horiz: "More", more_vert: "More", close: "Close"};
const TAKES_CLICKS = [...["x-on:click", "@click"].flatMap((name) => [name, `${name}.prevent`, `${name}.stop`]), "onclick"];

const reachable = () => {
  for (const each of document.querySelectorAll(TAKES_CLICKS.map((name) => `[${CSS.escape(name)}]`).join())) {
    const words = each.textContent.trim();
    // a veil behind a drawer has no words: Escape does the same
    if (!words || each.hasAttribute("tabindex") || each.matches(NATIVE) || each.closest("button, a[href]")) continue;
    each.tabIndex = 0;
    each.setAttribute("role", "button");
    each.dataset.keys = "";
    if (NAMES[words] && !each.hasAttribute("aria-label")) each.setAttribute("aria-label", NAMES[words]);
  }
};

// What opens stands elsewhere in the page: the focus goes there, and Escape brings it back.
const opened = (each) =>
  each.matches(".filter-open-button") ? document.querySelector("#changelist-filter") : each.nextElementSibling?._x_teleport;
const STOPS = "a[href], button, select, input:not([type=hidden])";
const SETTLED_MS = 80;

document.addEventListener("keydown", (event) => {
  const each = event.target;
  if (event.key === "Escape") {
    const place = each.closest?.("[data-keys-opened]");
    if (place?.opener) {
      if (!place.matches("#changelist-filter")) place.opener.click();
      setTimeout(() => place.opener.focus());
    }
    return;
  }
  if (!("keys" in (each.dataset ?? {})) || !["Enter", " "].includes(event.key)) return;
  event.preventDefault();
  each.click();
  const place = opened(each);
  if (place) {
    place.opener = each;
    place.dataset.keysOpened = "";
    setTimeout(() => place.querySelector(STOPS)?.focus(), SETTLED_MS);
  }
});
window.addEventListener("load", () => setTimeout(() => {
  reachable();
  // a page that was still hidden when the browser looked for the field to begin with has none
  if (document.activeElement === document.body) document.querySelector("[autofocus]")?.focus();
}));
document.addEventListener("formset:added", () => setTimeout(reachable));
document.addEventListener("htmx:afterSwap", () => setTimeout(reachable));

// What the page adds to the list of shortcuts, which is Unfold's own.
window.addEventListener("load", () => {
  const lists = [...document.querySelectorAll("[x-show=shortcutsOpen] ul")];
  for (const found of document.querySelectorAll("template[data-shortcuts]")) {
    const part = lists.at(-1)?.parentElement.cloneNode(true);
    if (!part) return;
    part.querySelector("h2").textContent = found.dataset.shortcuts;
    part.querySelector("ul").replaceChildren(found.content.cloneNode(true));
    lists[0].parentElement.before(part);
  }
});
