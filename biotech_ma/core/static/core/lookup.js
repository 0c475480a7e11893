// A box that takes any text and offers rows while it is typed in: arrows choose, Enter takes, Escape closes. Without scripts
// it is a box to type in. `data-lookup` is where to ask, `data-lookup-fills` which part of a row goes into the box.
const PAUSE_MS = 150;
const offerRows = (box) => {
    const list = document.createElement("ul");
    const told = document.createElement("p");
    const place = document.createElement("div");
    Object.assign(list, { id: `${box.id}_offered`, className: "desk-offered", role: "listbox", hidden: true });
    list.setAttribute("aria-label", box.labels[0]?.textContent ?? "Offered");
    told.className = "desk-help";
    told.setAttribute("role", "status");
    place.className = "desk-lookup";
    box.replaceWith(place);
    place.append(box, list, told);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id], ["aria-expanded", "false"], ["autocomplete", "off"]]) {
        box.setAttribute(name, value);
    }
    let rows = [];
    let chosen = -1;
    let asked = 0;
    let timer = 0;
    const point = (number) => {
        chosen = number;
        [...list.children].forEach((each, index) => each.setAttribute("aria-selected", String(index === chosen)));
        const option = list.children[chosen];
        option?.scrollIntoView({ block: "nearest" });
        option ? box.setAttribute("aria-activedescendant", option.id) : box.removeAttribute("aria-activedescendant");
    };
    const show = (isOpen) => {
        list.hidden = !isOpen;
        box.setAttribute("aria-expanded", String(isOpen));
        point(-1);
    };
    const take = (row) => {
        box.value = row[box.dataset.lookupFills];
        told.textContent = [row.label, row.note].filter(Boolean).join(" · ");
        show(false);
        box.dispatchEvent(new Event("change", { bubbles: true }));
    };
    const draw = () => {
        list.replaceChildren(
            ...rows.map((row, index) => {
                const option = document.createElement("li");
                const note = document.createElement("span");
                Object.assign(option, { id: `${list.id}_${index}`, role: "option", textContent: row.label });
                Object.assign(note, { className: "desk-muted", textContent: row.note });
                option.append(" ", note);
                // before the box loses the focus
                option.addEventListener("mousedown", (event) => {
                    event.preventDefault();
                    take(row);
                });
                return option;
            }),
        );
        told.textContent = rows.length ? "" : "The desk has no such company.";
        show(rows.length > 0);
    };
    const ask = async () => {
        const number = ++asked;
        const text = box.value.trim();
        if (!text) {
            rows = [];
            told.textContent = "";
            show(false);
            return;
        }
        const answer = await fetch(`${box.dataset.lookup}?${new URLSearchParams({ q: text })}`).catch(() => null);
        if (number !== asked || !answer?.ok || document.activeElement !== box) {
            return;
        }
        rows = (await answer.json()).found;
        if (number === asked) {
            draw();
        }
    };
    box.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(ask, PAUSE_MS);
    });
    box.addEventListener("blur", () => {
        asked += 1;
        show(false);
    });
    box.addEventListener("keydown", (event) => {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (step && rows.length) {
            event.preventDefault();
            const next = (Math.max(chosen, step > 0 ? -1 : 0) + step + rows.length) % rows.length;
            if (list.hidden) {
                show(true);
            }
            point(next);
        } else if (event.key === "Enter" && !list.hidden && chosen >= 0) {
            event.preventDefault();
            take(rows[chosen]);
        } else if (event.key === "Escape" && !list.hidden) {
            event.preventDefault();
            event.stopPropagation();
            show(false);
        }
    });
};
for (const box of document.querySelectorAll("[data-lookup]")) {
    offerRows(box);
}
