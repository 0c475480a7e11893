// Cells as in a spreadsheet: arrows and Enter move, Shift and an arrow or a click choose a range, Ctrl-D fills it down.
// Where the browser needs a key itself (the caret within a text, a choice, the parts of a day) it keeps it.
import { bar, boxesIn, cellAt, cellOf, fieldIn, focusCell, form, headingOf, isBox, placeOf, several, valuesIn, wordsIn } from "./list_cells.js";
import { isNext, say, take, undo } from "./list_steps.js";

let anchor = null;
let end = null;

const between = (one, other) => Array.from({ length: Math.abs(one - other) + 1 }, (_, place) => Math.min(one, other) + place);
export const rangeRows = (focused) => {
    const [from, to] = [anchor ?? focused, end ?? anchor ?? focused].map(placeOf);
    return between(from.row, to.row).map((row) => between(from.column, to.column).map((column) => cellAt(row, column)));
};
export const isRange = () => Boolean(anchor && end && anchor !== end);
const chosen = () => (isRange() ? rangeRows(anchor).flat().filter(Boolean) : []);
const draw = () => {
    document.querySelectorAll("#result_list .desk-range").forEach((cell) => cell.classList.remove("desk-range"));
    chosen().forEach((cell) => cell.classList.add("desk-range"));
};
const clear = () => {
    anchor = end = null;
    draw();
};
const extend = (from, to) => {
    anchor ??= from;
    end = to;
    draw();
    to.scrollIntoView({ block: "nearest", inline: "nearest" });
    const block = rangeRows(anchor);
    say(isRange() ? `${several(block.length, "row")} by ${several(block[0].length, "column")} chosen` : "");
};

// The next cell with boxes in that direction: within the column of the same field, within the row of any.
const next = (cell, down, across) => {
    const field = fieldIn(cell);
    let { row, column } = placeOf(cell);
    for (;;) {
        row += down;
        column += across;
        const found = cellAt(row, column);
        if (!found) {
            return null;
        }
        if (boxesIn(found).length && (across || fieldIn(found) === field)) {
            return found;
        }
    }
};

const DOWN = { ArrowUp: -1, ArrowDown: 1 };
const ACROSS = { ArrowLeft: -1, ArrowRight: 1 };
const keepsUpAndDown = (box) => box instanceof HTMLSelectElement || box.type === "date" || (box.type === "textarea" && box.value.includes("\n"));
const isAtEdge = (box, across) => {
    if (box.type === "checkbox") {
        return true;
    }
    if (!["text", "textarea"].includes(box.type)) {
        return false;
    }
    const isWhole = box.selectionStart === 0 && box.selectionEnd === box.value.length;
    const edge = across < 0 ? 0 : box.value.length;
    return isWhole || (box.selectionStart === box.selectionEnd && box.selectionStart === edge);
};
const wayOf = (event) => {
    const box = event.target;
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
        return [event.shiftKey ? -1 : 1, 0];
    }
    if (event.key in DOWN && (event.ctrlKey || !keepsUpAndDown(box))) {
        return [DOWN[event.key], 0];
    }
    return event.key in ACROSS && !event.ctrlKey && !event.metaKey && isAtEdge(box, ACROSS[event.key]) ? [0, ACROSS[event.key]] : null;
};

const fill = (focused) => {
    const block = rangeRows(focused);
    const isDown = block.length > 1;
    const above = isDown ? block[0] : block[0].map((cell) => cell && boxesIn(cell).length && next(cell, -1, 0));
    const wanted = [];
    const closed = new Map();
    for (const line of isDown ? block.slice(1) : block) {
        for (const [place, cell] of line.entries()) {
            const source = above[place];
            if (cell && boxesIn(cell).length && source && boxesIn(source).length) {
                wanted.push([cell, valuesIn(source)]);
            } else if (cell) {
                const why = boxesIn(cell).length ? "there is nothing above to copy" : notEdited(cell);
                closed.set(why, (closed.get(why) ?? 0) + 1);
            }
        }
    }
    const missed = wanted.length ? take("fill", wanted) : [];
    missed.forEach((cell) => addTo(closed, `${headingOf(cell.cellIndex)} does not offer that here`));
    say(summary("filled", wanted.length - missed.length, closed));
};
export const addTo = (counts, why, number = 1) => counts.set(why, (counts.get(why) ?? 0) + number);
export const notEdited = (cell) => {
    const row = cell.closest("tr");
    return [...row.children].some((each) => boxesIn(each).length)
        ? `${headingOf(cell.cellIndex) || "this column"} is not edited here`
        : "archived rows are not edited";
};
// "12 cells pasted, 3 left out: Company is not edited here"
export const summary = (verb, number, closed) => {
    const out = [...closed.values()].reduce((sum, each) => sum + each, 0);
    return `${several(number, "cell")} ${verb}${out ? `, ${out.toLocaleString("en")} left out: ${[...closed.keys()].join("; ")}` : ""}`;
};

const onKey = (event) => {
    if (!isBox(event.target) || event.altKey || event.isComposing) {
        return;
    }
    const cell = cellOf(event.target);
    const isCommand = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (isCommand && !event.shiftKey && key === "d") {
        event.preventDefault();
        fill(cell);
    } else if (isCommand && !event.shiftKey && key === "z" && isNext()) {
        event.preventDefault();
        undo();
    } else if (event.key === "Escape" && isRange()) {
        event.stopImmediatePropagation();
        clear();
        say("");
    } else if (event.shiftKey && event.key in DOWN && !isCommand) {
        event.preventDefault();
        const to = next(end ?? cell, DOWN[event.key], 0);
        if (to) {
            extend(cell, to);
        }
    } else {
        const way = event.shiftKey && event.key !== "Enter" ? null : wayOf(event);
        const to = way && next(cell, ...way);
        if (way && (to || event.key === "Enter" || event.key in DOWN)) {
            event.preventDefault();
            clear();
            focusCell(to);
        }
    }
};
const onPress = (event) => {
    const cell = event.target.closest("#result_list td");
    if (!cell || !boxesIn(cell).length) {
        return;
    }
    const from = isBox(document.activeElement) ? cellOf(document.activeElement) : null;
    if (event.shiftKey && from) {
        event.preventDefault();
        extend(from, cell);
    } else {
        clear();
    }
};

if (form && bar) {
    // before Escape takes the cell itself back
    form.addEventListener("keydown", onKey, { capture: true });
    form.addEventListener("mousedown", onPress);
    form.addEventListener("click", (event) => isRange() && event.shiftKey && event.target.closest("#result_list td.desk-range") && event.preventDefault());
    form.addEventListener("focusin", (event) => anchor && cellOf(event.target) !== anchor && clear());
    document.addEventListener("copy", (event) => {
        if (isRange() && cellOf(document.activeElement) === anchor) {
            event.preventDefault();
            const quoted = (words) => (/["\t\n]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words);
            const lines = rangeRows(anchor).map((line) => line.map((cell) => quoted(cell ? wordsIn(cell) : "")).join("\t"));
            event.clipboardData.setData("text/plain", lines.join("\n"));
            say(`${several(chosen().length, "cell")} copied`);
        }
    });
}
