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
// A list is scrolled within its frame: keys that scroll a page scroll it while nothing else has the focus.
document.addEventListener("keydown", (event) => {
  const frame = document.getElementById("result_list")?.parentElement;
  const way = { PageUp: -1, PageDown: 1 }[event.key];
  if (!frame || !way || event.target !== document.body) return;
  const before = frame.scrollTop;
  frame.scrollTop += way * (frame.clientHeight - 80);
  if (frame.scrollTop !== before) event.preventDefault();
});
