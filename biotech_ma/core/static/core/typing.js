// Letters typed into a choice look for it; they are no shortcuts. Unfold takes a bare "c" anywhere but in a text box for
// "create", and would leave the form with all that was typed.
document.addEventListener("keydown", (event) => {
    if (event.target instanceof HTMLSelectElement && !event.ctrlKey && !event.metaKey) {
        event.stopPropagation();
    }
});
