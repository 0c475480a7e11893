// Escape closes the note on a figure's source, which stands open while the figure or a link in it has the focus.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.activeElement?.closest(".desk-traced")) {
    document.activeElement.blur();
  }
});
