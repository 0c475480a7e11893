// A look-up field is drawn over its choice: it takes the choice's label, so that it is read out as what it is.
const labelLookups = () => {
  for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
    const label = select.labels?.[0]?.textContent.replace("*", "").trim() || select.getAttribute("aria-label") || select.name;
    const drawn = select.nextElementSibling;
    for (const part of drawn?.querySelectorAll(".select2-selection, .select2-selection__rendered, .select2-search__field") ?? []) {
      part.setAttribute("aria-label", label);
    }
  }
};
window.addEventListener("load", () => setTimeout(labelLookups));
document.addEventListener("formset:added", () => setTimeout(labelLookups));
