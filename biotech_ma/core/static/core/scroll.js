// A table wider than its place is scrolled with the keyboard too: it takes the focus only where there is something to
// scroll.
const markScrollable = () => {
  for (const box of document.querySelectorAll(".desk-table-wrap, .desk-scroll")) {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
    } else {
      box.removeAttribute("tabindex");
    }
  }
};
window.addEventListener("load", markScrollable);
window.addEventListener("resize", markScrollable);
