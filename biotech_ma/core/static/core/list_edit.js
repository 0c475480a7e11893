// A list with boxes: says how many cells are changed, takes them back, asks before the page is left with them. Escape takes
// one cell back. Without scripts the list is saved all the same.
import { bar, boxes, cellOf, form, forgive, forgiveAll, isBox, several } from "./list_cells.js";

let isSaving = false;

const standing = (box) => {
    const kept = box.closest("[data-stands]");
    return kept ? JSON.parse(kept.dataset.stands) : null;
};
const first = (choice) => ([...choice.options].find((each) => each.defaultSelected) ?? choice.options[0])?.value ?? "";
const before = (box) => {
    const kept = standing(box);
    if (box.type === "checkbox") {
        return kept ? kept.includes(box.value) : box.defaultChecked;
    }
    if (kept) {
        return (kept[0] ?? "").replaceAll("\r\n", "\n");
    }
    return box instanceof HTMLSelectElement ? first(box) : box.defaultValue;
};
const now = (box) => (box.type === "checkbox" ? box.checked : box.value);
const takeBack = (box) => {
    if (box.type === "checkbox") {
        box.checked = before(box);
    } else {
        box.value = before(box);
    }
};
const changed = () => {
    const moved = boxes().filter((box) => now(box) !== before(box));
    return { moved, names: new Set(moved.map((box) => box.name)), rows: new Set(moved.map((box) => box.closest("tr"))) };
};
export const tell = () => {
    const { names, rows } = changed();
    for (const box of boxes()) {
        cellOf(box)?.classList.toggle("desk-changed", names.has(box.name));
    }
    const words = `${several(names.size, "cell")} in ${several(rows.size, "row")} changed`;
    tellChanged(names.size ? words : "");
};

if (form && bar) {
    for (const kind of ["input", "change"]) {
        form.addEventListener(kind, tell);
    }
    form.addEventListener("input", (event) => isBox(event.target) && forgive(cellOf(event.target)));
    form.addEventListener("keydown", (event) => {
        if (isBox(event.target) && event.key === "Escape") {
            boxes().filter((each) => each.name === event.target.name).forEach(takeBack);
            forgive(cellOf(event.target));
            tell();
        }
    });
    bar.querySelector("[data-save-back]").addEventListener("click", (event) => {
        event.preventDefault();
        changed().moved.forEach(takeBack);
        forgiveAll();
        tell();
        boxes()[0]?.focus();
    });
    form.addEventListener("submit", (event) => {
        isSaving = event.submitter?.name === "_save";
    });
    window.addEventListener("beforeunload", (event) => {
        if (!isSaving && changed().moved.length) {
            event.preventDefault();
        }
    });
    window.addEventListener("pageshow", () => {
        isSaving = false;
        tell();
    });
}
