// The cells of a list with boxes: what each holds, as a list of values, and what it is called.
export const CELL = /^form-\d+-/;
export const form = document.getElementById("changelist-form");
export const bar = document.querySelector("[data-save]");
export const several = (number, one) => `${number.toLocaleString("en")} ${one}${number === 1 ? "" : "s"}`;

export const isBox = (each) => CELL.test(each?.name ?? "") && each.type !== "hidden";
export const boxes = () => [...form.elements].filter(isBox);
export const cellOf = (box) => box.closest("#result_list td, #result_list th");
export const boxesIn = (cell) => [...cell.querySelectorAll("input, select, textarea")].filter(isBox);
export const fieldIn = (cell) => boxesIn(cell)[0]?.name.replace(CELL, "");
export const rows = () => [...document.querySelectorAll("#result_list tr.data-row")];
export const placeOf = (cell) => ({ row: rows().indexOf(cell.closest("tr")), column: cell.cellIndex });
const heading = (column) => document.querySelector("#result_list thead tr")?.children[column];
export const headingOf = (column) => heading(column)?.querySelector(".text")?.textContent.trim() ?? "";
// The row's own menu stands under no heading, and is no cell.
export const cellAt = (row, column) => (heading(column) && rows()[row]?.children[column]) || null;

const isGroup = (box) => box.type === "checkbox" && box.closest("[role=group]");
const labelOf = (box) => box.closest("label")?.textContent.trim() ?? box.value;

export const valuesIn = (cell) => {
    const found = boxesIn(cell);
    return found.flatMap((box) => (box.type !== "checkbox" ? [box.value] : box.checked ? [box.value] : []));
};
// Returns whether the boxes could take the values: a choice takes what it offers.
export const put = (cell, values) => {
    for (const box of boxesIn(cell)) {
        if (box.type === "checkbox") {
            box.checked = isGroup(box) ? values.includes(box.value) : values.length > 0;
        } else if (box instanceof HTMLSelectElement && ![...box.options].some((each) => each.value === (values[0] ?? ""))) {
            return false;
        } else {
            box.value = values[0] ?? "";
        }
    }
    return true;
};
// What a spreadsheet gets of the cell: the words of a choice, TRUE and FALSE of a tick.
export const wordsIn = (cell) => {
    const found = boxesIn(cell);
    if (!found.length) {
        return cell.innerText.trim();
    }
    if (isGroup(found[0])) {
        return found.filter((box) => box.checked).map(labelOf).join("; ");
    }
    const [box] = found;
    if (box.type === "checkbox") {
        return box.checked ? "TRUE" : "FALSE";
    }
    return box instanceof HTMLSelectElement && box.value ? box.selectedOptions[0].textContent.trim() : box.value;
};

export const focusCell = (cell) => {
    const [box] = cell ? boxesIn(cell) : [];
    if (!box) {
        return false;
    }
    box.focus();
    if (["text", "number", "textarea"].includes(box.type)) {
        box.select();
    }
    return true;
};

// Why a cell took nothing of what was pasted stands in it until it is touched.
export const refuse = (cell, words) => {
    forgive(cell);
    const [box] = boxesIn(cell);
    const note = document.createElement("p");
    note.className = "desk-error desk-cell-error";
    note.id = `${box.name}-pasted`;
    note.textContent = words;
    cell.append(note);
    box.setAttribute("aria-invalid", "true");
    box.setAttribute("aria-describedby", note.id);
};
export const forgive = (cell) => {
    const note = cell.querySelector(".desk-cell-error");
    const box = note && boxesIn(cell)[0];
    note?.remove();
    box?.removeAttribute("aria-invalid");
    box?.removeAttribute("aria-describedby");
};
export const forgiveAll = () =>
    document.querySelectorAll("#result_list .desk-cell-error").forEach((note) => forgive(note.closest("td, th")));
