// What was pasted or filled, step by step: each is taken back whole. What was typed over since stays as typed.
import { bar, boxes, focusCell, forgive, forgiveAll, put, several, valuesIn } from "./list_cells.js";
import { tell } from "./list_edit.js";

const steps = [];
const told = bar?.querySelector("[data-block-told]");
const button = bar?.querySelector("[data-block-back]");
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const picture = () => JSON.stringify(boxes().map((box) => (box.type === "checkbox" ? box.checked : box.value)));

export const say = (words) => {
    told.textContent = words;
    button.hidden = !steps.length;
    button.textContent = `Undo ${steps.at(-1)?.what ?? ""}`;
};

// Takes [cell, values] pairs as one step; returns those whose boxes do not offer the value.
export const take = (what, wanted) => {
    const missed = [];
    const done = [];
    for (const [cell, values] of wanted) {
        const before = valuesIn(cell);
        forgive(cell);
        if (put(cell, values)) {
            done.push({ cell, before, after: valuesIn(cell) });
        } else {
            missed.push(cell);
        }
    }
    if (done.some(({ before, after }) => !same(before, after))) {
        steps.push({ what, done, then: picture() });
    }
    tell();
    return missed;
};

export const undo = () => {
    const step = steps.pop();
    if (!step) {
        return;
    }
    const still = step.done.filter(({ cell, after }) => same(valuesIn(cell), after));
    still.forEach(({ cell, before }) => put(cell, before));
    forgiveAll();
    tell();
    const kept = step.done.length - still.length;
    say(`The ${step.what} is taken back${kept ? `; ${several(kept, "cell")} typed over since ${kept === 1 ? "stays" : "stay"}` : ""}.`);
    focusCell(step.done[0].cell);
};

// Ctrl+Z is the browser's while something was typed since the last step.
export const isNext = () => steps.length > 0 && steps.at(-1).then === picture();
bar?.querySelector("[data-save-back]").addEventListener("click", () => {
    steps.length = 0;
    say("");
});
button?.addEventListener("click", undo);
