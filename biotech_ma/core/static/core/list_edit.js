// A list with boxes: says how many cells are changed, takes them back, asks before the page is left with them. Enter goes
// down the column as in a spreadsheet, Escape takes one cell back. Without scripts the list is saved all the same.
const form = document.getElementById("changelist-form");
const bar = document.querySelector("[data-save]");
const CELL = /^form-\d+-/;
let isSaving = false;

const cells = () => [...form.elements].filter((each) => CELL.test(each.name) && each.type !== "hidden");
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
const several = (number, one) => `${number} ${one}${number === 1 ? "" : "s"}`;
const changed = () => {
    const boxes = cells().filter((box) => now(box) !== before(box));
    return { boxes, names: new Set(boxes.map((box) => box.name)), rows: new Set(boxes.map((box) => box.closest("tr"))) };
};
const tell = () => {
    const { names, rows } = changed();
    for (const box of cells()) {
        box.closest("td")?.classList.toggle("desk-changed", names.has(box.name));
    }
    const words = `${several(names.size, "cell")} in ${several(rows.size, "row")} changed`;
    bar.querySelector("[data-save-told]").textContent = names.size ? words : "Nothing is changed yet";
    bar.querySelector("[data-save-back]").hidden = !names.size;
};
const neighbour = (box, step) => {
    const rows = [...document.querySelectorAll("#result_list tr.data-row")];
    const field = box.name.replace(CELL, "");
    for (let place = rows.indexOf(box.closest("tr")) + step; rows[place]; place += step) {
        const found = [...rows[place].querySelectorAll("input, select, textarea")].find((each) => each.name.replace(CELL, "") === field);
        if (found) {
            return found;
        }
    }
    return null;
};

if (form && bar) {
    for (const kind of ["input", "change"]) {
        form.addEventListener(kind, tell);
    }
    form.addEventListener("keydown", (event) => {
        const box = event.target;
        if (!CELL.test(box.name ?? "")) {
            return;
        }
        if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.altKey) {
            event.preventDefault();
            neighbour(box, event.shiftKey ? -1 : 1)?.focus();
        } else if (event.key === "Escape") {
            cells().filter((each) => each.name === box.name).forEach(takeBack);
            tell();
        }
    });
    bar.querySelector("[data-save-back]").addEventListener("click", (event) => {
        event.preventDefault();
        changed().boxes.forEach(takeBack);
        tell();
        cells()[0]?.focus();
    });
    form.addEventListener("submit", (event) => {
        isSaving = event.submitter?.name === "_save";
    });
    window.addEventListener("beforeunload", (event) => {
        if (!isSaving && changed().boxes.length) {
            event.preventDefault();
        }
    });
    window.addEventListener("pageshow", () => {
        isSaving = false;
        tell();
    });
}
