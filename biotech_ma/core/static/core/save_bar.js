// The bar at the foot, of a list with boxes and of a form: says what is changed, and lets it be taken back. Which of it needs
// a reason stands beside the reason. Each page's own script knows what is changed and calls this.
const tellChanged = (words, needing = []) => {
    const bar = document.querySelector("[data-save]");
    const told = bar?.querySelector("[data-save-told]");
    if (!told) {
        return;
    }
    // Written where it differs only: what stands is not read out again.
    if (told.textContent !== (words || "Nothing is changed yet")) {
        told.textContent = words || "Nothing is changed yet";
    }
    told.title = words;
    bar.querySelector("[data-save-back]").hidden = !words;
    bar.querySelector("[data-save-why]")?.classList.toggle("desk-needed", needing.length > 0);
    const needed = bar.querySelector("[data-save-needed]");
    if (needed) {
        needed.dataset.stands ??= needed.textContent;
        needed.textContent = needing.length ? `(needed for ${needing.join(", ")})` : needed.dataset.stands;
    }
};
