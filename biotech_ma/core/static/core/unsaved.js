// What is changed in a form, and what look-ups, calendars and rows that were taken away have changed, too, of which the browser
// says nothing by itself: named in the bar beside Save, and asked about before the page is left.
const watchUnsaved = () => {
  const form = document.querySelector("form.warn-unsaved-form");
  if (!form) {
    return;
  }
  const values = () => {
    const found = new Map();
    for (const [name, value] of new FormData(form)) {
      found.set(name, [...(found.get(name) ?? []), value.name ?? value]);
    }
    return found;
  };
  const page = JSON.parse(document.getElementById("desk-fields")?.textContent || "{}");
  const labels = new Map(Object.entries(page.fields ?? {}));
  const sent = page.changed ?? [];
  // A field of several boxes has one label: price_0 and price_1 are the price.
  const labelOf = (name) => {
    for (let part = name; part; part = part.replace(/[-_]?[^-_]*$/, "")) {
      if (labels.has(part)) {
        return labels.get(part);
      }
    }
    return { label: form.elements[name]?.ariaLabel ?? form.elements[name]?.labels?.[0]?.textContent.trim() ?? "" };
  };
  const OURS = /^(desk-|change_reason$|csrf|_)|-(TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS$/;
  let opened = values();
  const differing = () => {
    const current = values();
    const same = (name) => JSON.stringify(current.get(name)) === JSON.stringify(opened.get(name));
    return [...new Set([...opened.keys(), ...current.keys()])].filter((name) => !same(name));
  };
  const tell = () => {
    if (opened === null) {
      return;
    }
    const fields = differing().filter((name) => !OURS.test(name)).map(labelOf);
    const names = [...new Set([...sent.map((each) => each.label), ...fields.map((each) => each.label)])].filter(Boolean);
    const needing = [...sent, ...fields].filter((each) => each.needs).map((each) => each.needs);
    tellChanged(names.length ? `${names.length} field${names.length === 1 ? "" : "s"} changed: ${names.join("; ")}` : "", [...new Set(needing)]);
  };
  // Look-ups and rows that are added or taken away tell of it by events of their own.
  for (const kind of ["input", "change", "click", "keyup"]) {
    form.addEventListener(kind, () => setTimeout(tell));
  }
  window.jQuery?.(form).on("change", () => setTimeout(tell));
  window.django?.jQuery?.(form).on("change formset:added formset:removed", () => setTimeout(tell));
  tell();
  window.addEventListener("beforeunload", (event) => {
    if (opened !== null && differing().length) {
      event.preventDefault();
    }
  });
  form.addEventListener("submit", () => (opened = null));
};
window.addEventListener("load", () => setTimeout(watchUnsaved));
