// A double click on a button sends the form once, so that its first answer is the one that is seen. The server refuses
// the second all the same.
const SENT_MS = 3000;
document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) {
        return;
    }
    if (form.dataset.sent) {
        event.preventDefault();
        return;
    }
    form.dataset.sent = "yes";
    // A download leaves the page as it is, and so does "back".
    setTimeout(() => delete form.dataset.sent, SENT_MS);
});
