// Offers the browser's own time zone where it is among the choices and not chosen yet.
for (const button of document.querySelectorAll("[data-zone-for]")) {
  const select = document.getElementById(button.dataset.zoneFor);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some((option) => option.value === zone) && select.value !== zone) {
    button.textContent = `Use this browser's: ${zone}`;
    button.hidden = false;
    button.addEventListener("click", () => {
      select.value = zone;
      button.hidden = true;
      select.focus();
    });
  }
}
