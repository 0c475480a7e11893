// Asks before a form is left with something typed: what look-ups, calendars and rows that were taken away have changed, too,
// of which the browser says nothing by itself.
const watchUnsaved = () => {
  const form = document.querySelector("form.warn-unsaved-form");
  if (!form) {
    return;
  }
  const content = () => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, value.name ?? value]));
  let opened = content();
  window.addEventListener("beforeunload", (event) => {
    if (opened !== null && content() !== opened) {
      event.preventDefault();
    }
  });
  form.addEventListener("submit", () => (opened = null));
};
window.addEventListener("load", () => setTimeout(watchUnsaved));
