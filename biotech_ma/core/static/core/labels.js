// A look-up field is drawn over its choice: it takes the choice's label, so that it is read out as what it is. What takes
// chosen rows away again are buttons, for the keyboard, too.
const labelOf = (select) =>
  select.labels?.[0]?.textContent.replace("*", "").trim() || select.getAttribute("aria-label") || select.name;
const asButton = (part, words, press) => {
  if (part.getAttribute("role") === "button") {
    return;
  }
  part.setAttribute("role", "button");
  part.setAttribute("aria-label", words);
  part.tabIndex = 0;
  part.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      event.stopPropagation();
      press(part);
    }
  });
};
const drawButtons = (list, label) => {
  for (const part of list.querySelectorAll(".select2-selection__choice__remove")) {
    asButton(part, `Take away ${part.parentElement.title}`, () => part.click());
  }
  const all = list.querySelector(":scope > .select2-selection__clear");
  if (all && all.getAttribute("role") !== "listitem") {
    // The list's own children are its items.
    all.setAttribute("role", "listitem");
    const button = document.createElement("span");
    button.textContent = all.textContent;
    all.replaceChildren(button);
    asButton(button, `Take away all ${label.toLowerCase()}`, () => all.dispatchEvent(new MouseEvent("mousedown", { bubbles: true, button: 0 })));
  }
};
const watched = new WeakSet();
const labelLookups = () => {
  for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
    const label = labelOf(select);
    const drawn = select.nextElementSibling;
    for (const part of drawn?.querySelectorAll(".select2-selection, .select2-selection__rendered, .select2-search__field") ?? []) {
      part.setAttribute("aria-label", label);
    }
    const list = drawn?.querySelector("ul.select2-selection__rendered");
    if (list && !watched.has(list)) {
      watched.add(list);
      drawButtons(list, label);
      // Each choice draws the list anew.
      new MutationObserver(() => {
        drawButtons(list, label);
        if (document.activeElement === document.body) {
          list.querySelector(".select2-search__field")?.focus();
        }
      }).observe(list, { childList: true });
    }
  }
};
window.addEventListener("load", () => setTimeout(labelLookups));
document.addEventListener("formset:added", () => setTimeout(labelLookups));
