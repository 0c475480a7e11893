// What the checked rows of a page come to, as a spreadsheet's status bar tells it: dollars have a sum and a median, scores and
// ranks a median. The cells carry their exact figures.
const told = document.querySelector("[data-checked]");
const list = document.getElementById("result_list");
const UNITS = [[1e12, "tn"], [1e9, "bn"], [1e6, "m"], [1e3, "k"]];
const HUNDRED = 99.95;

// as the cells themselves show dollars: about three digits
const money = (value) => {
    const size = Math.abs(value);
    const [factor, unit] = UNITS.find(([each]) => size >= each * 0.9995) ?? [1, ""];
    const digits = unit && size / factor < HUNDRED ? 1 : 0;
    const shown = (size / factor).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return `${value < 0 ? "−" : ""}$${shown}${unit && ` ${unit}`}`;
};
const number = (value) => value.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 }).replace("-", "−");
const median = (values) => {
    const sorted = values.toSorted((one, other) => one - other);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const columnWords = (rows, head) => {
    const cells = rows.map((row) => row.children[head.cellIndex]);
    const found = (kind) => cells.map((cell) => cell?.querySelector(`[data-${kind}]`)?.dataset[kind]).filter((each) => each !== undefined).map(Number);
    const [dollars, numbers] = [found("usd"), found("number")];
    const known = dollars.length || numbers.length;
    if (!known) {
        return "";
    }
    const name = head.querySelector(".text").textContent.trim();
    const words = dollars.length ? `sum ${money(dollars.reduce((sum, each) => sum + each))}, median ${money(median(dollars))}` : `median ${number(median(numbers))}`;
    return `${name}: ${words}${known < rows.length ? ` (${known} known)` : ""}`;
};
const tell = () => {
    const rows = [...list.querySelectorAll("tr.data-row")].filter((row) => row.querySelector(".action-select")?.checked);
    const heads = [...list.querySelectorAll("thead th")];
    const words = rows.length ? heads.map((head) => columnWords(rows, head)).filter(Boolean) : [];
    told.textContent = words.length ? [`${rows.length} checked`, ...words].join(" · ") : "";
};

if (told && list) {
    // after Unfold's own script, which checks all rows by one box
    document.addEventListener("change", (event) => event.target.matches(".action-select, #action-toggle") && setTimeout(tell));
    window.addEventListener("pageshow", () => setTimeout(tell));
}
