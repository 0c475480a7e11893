// Asks before a form is left with something typed: what look-ups, calendars and rows that were taken away have changed, too,
// of which the browser says nothing by itself.
const unsaved = document.querySelector("form.warn-unsaved-form");
if (unsaved) {
    const content = () => JSON.stringify([...new FormData(unsaved)].map(([name, value]) => [name, value.name ?? value]));
    let opened = null;
    window.addEventListener("load", () => setTimeout(() => (opened = content())));
    window.addEventListener("beforeunload", (event) => {
        if (opened !== null && content() !== opened) {
            event.preventDefault();
        }
    });
    unsaved.addEventListener("submit", () => (opened = null));
}
