// Moves a column without asking the server, which does the same where no scripts run.
const list = document.querySelector("[data-columns]");
list?.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) {
        return;
    }
    event.preventDefault();
    const item = button.closest("li");
    const other = button.dataset.move === "up" ? item.previousElementSibling : item.nextElementSibling;
    if (other) {
        button.dataset.move === "up" ? other.before(item) : other.after(item);
    }
    button.focus();
    const place = [...list.children].indexOf(item) + 1;
    document.querySelector("[data-columns-told]").textContent = `${item.querySelector("label").textContent.trim()}: place ${place} of ${list.children.length}`;
});
