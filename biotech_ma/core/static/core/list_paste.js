// A block from a spreadsheet fills right and down from the cell it is pasted into. The server reads it, by the rules of
// imports and of the row's form, so that no figure becomes another one; nothing is saved by that.
import { bar, boxesIn, cellAt, cellOf, fieldIn, form, isBox, placeOf, refuse, several } from "./list_cells.js";
import { addTo, isRange, notEdited, rangeRows, summary } from "./list_range.js";
import { say, take } from "./list_steps.js";

const UNREAD = "Nothing is pasted: the server did not read the block.";
let isReading = false;

// Tabs part cells, line ends rows; a cell in quotation marks may hold both, and doubled marks.
const blockOf = (text) => {
    const lines = [[]];
    const cells = /(?:"((?:[^"]|"")*)"(?=\t|\r?\n|$)|([^\t\n]*))(\t|\r?\n|$)/gy;
    const all = text.replace(/\r?\n$/, "");
    for (let found = cells.exec(all); found; found = cells.exec(all)) {
        lines.at(-1).push((found[1]?.replaceAll('""', '"') ?? found[2]).replace(/\r$/, ""));
        if (!found[3]) {
            break;
        }
        if (found[3] !== "\t") {
            lines.push([]);
        }
    }
    return lines;
};

// Sorts the cells under the block into those to be read and those left out, by reason.
const plan = (block, start) => {
    const wanted = [];
    const closed = new Map();
    const { row, column } = placeOf(start);
    for (const [down, line] of block.entries()) {
        for (const [across, text] of line.entries()) {
            const cell = cellAt(row + down, column + across);
            if (!cell) {
                addTo(closed, cellAt(row + down, 0) ? "the list has no more columns" : "the page has no more rows");
            } else if (boxesIn(cell).length) {
                wanted.push({ cell, field: fieldIn(cell), text });
            } else {
                addTo(closed, notEdited(cell));
            }
        }
    }
    return { wanted, closed };
};

const read = async (wanted) => {
    const asked = {};
    for (const each of wanted) {
        (asked[each.field] ??= []).push(each);
    }
    const texts = Object.fromEntries(Object.entries(asked).map(([field, list]) => [field, list.map((each) => each.text)]));
    const answer = await fetch(bar.dataset.paste, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
        body: JSON.stringify(texts),
    });
    const said = answer.redirected ? {} : await answer.json();
    if (!said.read) {
        throw new Error(said.detail ?? "Sign in again in another tab, then paste once more.");
    }
    for (const [field, list] of Object.entries(asked)) {
        list.forEach((each, place) => Object.assign(each, said.read[field][place]));
    }
};

const paste = async (block, start) => {
    const { wanted, closed } = plan(block, start);
    isReading = true;
    try {
        say(`Reading ${several(wanted.length, "cell")} …`);
        if (wanted.length) {
            await read(wanted);
        }
    } catch (error) {
        say(`${UNREAD} ${error instanceof TypeError || error instanceof SyntaxError ? "Paste it once more, or reload the page." : error.message}`);
        return;
    } finally {
        isReading = false;
    }
    const good = wanted.filter((each) => !each.refused);
    const bad = wanted.filter((each) => each.refused);
    const missed = new Set(take("paste", good.map(({ cell, values }) => [cell, values])));
    bad.push(...good.filter(({ cell }) => missed.has(cell)).map((each) => ({ ...each, refused: "This row does not offer that." })));
    bad.forEach(({ cell, refused }) => refuse(cell, refused));
    const emptied = good.filter(({ cell, values }) => !values.length && boxesIn(cell)[0].type !== "checkbox").length;
    const words = [
        summary("pasted", good.length - missed.size, closed),
        bad.length && `${several(bad.length, "cell")} not taken: the reason stands in the cell`,
        emptied && `${emptied.toLocaleString("en")} of them empty now`,
    ];
    say(`${words.filter(Boolean).join(". ")}.`);
};

form?.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (!isBox(event.target) || !text) {
        return;
    }
    let block = blockOf(text);
    const isOne = block.length === 1 && block[0].length === 1;
    const isWritten = ["text", "textarea"].includes(event.target.type);
    // one text into a text box is the browser's, unless a spreadsheet has put it in quotation marks
    if (isOne && isWritten && !isRange() && !text.startsWith('"')) {
        return;
    }
    event.preventDefault();
    if (isReading) {
        return;
    }
    const start = cellOf(event.target);
    if (isRange()) {
        const range = rangeRows(start);
        block = isOne ? range.map((line) => line.map(() => block[0][0])) : block;
        paste(block, range[0][0]);
    } else {
        paste(block, start);
    }
});
