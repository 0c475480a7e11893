// The edge of a heading sets its column's width: dragged, by arrows, or back to its own by a double click or Delete. The
// server keeps it for the user. One edge at a time is a stop of Tab; up and down lead to the others.
const LEAST = 40;
const MOST = 1200;
const STEP = 8;
const LARGE_STEP = 40;
const WAIT_MS = 400;
const kept = document.querySelector("template[data-widths]");
const list = document.getElementById("result_list");
const reset = document.querySelector("[data-widths-reset]");
const told = document.createElement("span");
const sheet = new CSSStyleSheet();
let widths = JSON.parse(kept?.dataset.widths ?? "{}");
let waiting = null;

const nameOf = (head) => [...head.classList].find((each) => each.startsWith("column-"))?.slice("column-".length);
const draw = () => {
    sheet.replaceSync(
        Object.entries(widths)
            .map(([name, width]) => {
                const [head, cell] = [`column-${name}`, `field-${name}`].map((each) => `#result_list .${CSS.escape(each)}`);
                return `@media screen and (min-width: 641px) {
                    :is(${head}, ${cell}) { width: ${width}px; min-width: ${width}px; max-width: ${width}px; overflow: hidden; text-overflow: ellipsis; }
                    ${cell} :is(.desk-name, .desk-wide-text, .desk-choices, input:not([type=checkbox]), select, textarea) { max-width: 100%; min-width: 0; width: 100%; }
                }`;
            })
            .join("\n"),
    );
    reset.hidden = !Object.keys(widths).length;
};
const keep = () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
        const token = document.querySelector("#changelist-form [name=csrfmiddlewaretoken]").value;
        const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
        const answer = await fetch(kept.dataset.widthsUrl, { method: "POST", headers, keepalive: true, body: JSON.stringify(widths) }).catch(() => null);
        if (answer?.status !== 204) {
            told.textContent = "The widths hold for this page only: the server did not keep them.";
        }
    }, WAIT_MS);
};
const set = (head, width) => {
    if (width === null) {
        delete widths[nameOf(head)];
    } else {
        widths[nameOf(head)] = Math.round(Math.min(MOST, Math.max(LEAST, width)));
    }
    draw();
    describe();
};
const edges = [];
const widthOf = (head) => Math.round(head.getBoundingClientRect().width);
const describe = () => edges.forEach((edge) => edge.setAttribute("aria-valuenow", Math.min(MOST, widthOf(edge.head))));
const stop = (edge) => edges.forEach((each) => (each.tabIndex = each === edge ? 0 : -1));

const onKey = (event) => {
    const edge = event.currentTarget;
    const step = event.shiftKey ? LARGE_STEP : STEP;
    const place = edges.indexOf(edge) + ({ ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0);
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
        set(edge.head, (widths[nameOf(edge.head)] ?? widthOf(edge.head)) + (event.key === "ArrowLeft" ? -step : step));
    } else if (event.key === "Delete") {
        set(edge.head, null);
    } else {
        if (edges[place] && edges[place] !== edge) {
            event.preventDefault();
            stop(edges[place]);
            edges[place].focus();
        }
        return;
    }
    event.preventDefault();
    keep();
};
const onPress = (event) => {
    const edge = event.currentTarget;
    const [from, width] = [event.clientX, widthOf(edge.head)];
    const move = (moved) => set(edge.head, width + moved.clientX - from);
    event.preventDefault();
    edge.setPointerCapture(event.pointerId);
    edge.addEventListener("pointermove", move);
    const end = () => {
        edge.removeEventListener("pointermove", move);
        if (widthOf(edge.head) !== width) {
            keep();
        }
    };
    edge.addEventListener("lostpointercapture", end, { once: true });
};
const addEdge = (head) => {
    const edge = document.createElement("span");
    edge.className = "desk-edge";
    edge.head = head;
    const said = { role: "separator", "aria-orientation": "vertical", "aria-valuemin": LEAST, "aria-valuemax": MOST };
    said["aria-label"] = `Width of ${head.querySelector(".text")?.textContent.trim() || "this column"}`;
    Object.entries(said).forEach(([name, value]) => edge.setAttribute(name, value));
    edge.addEventListener("keydown", onKey);
    edge.addEventListener("pointerdown", onPress);
    edge.addEventListener("focus", () => stop(edge));
    edge.addEventListener("dblclick", () => {
        set(head, null);
        keep();
    });
    head.append(edge);
    edges.push(edge);
};

if (kept && list && reset) {
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    told.className = "desk-hidden";
    told.setAttribute("role", "status");
    reset.after(told);
    [...list.querySelectorAll("thead th")].filter((head) => nameOf(head)).forEach(addEdge);
    stop(edges[0]);
    draw();
    describe();
    reset.addEventListener("click", () => {
        widths = {};
        draw();
        describe();
        keep();
        told.textContent = "Every column has its own width again.";
    });
}
