// Finds rows of a table while one types: <input data-filter="id of the table">.
for (const field of document.querySelectorAll("[data-filter]")) {
  const id = field.getAttribute("data-filter");
  const rows = [...document.querySelectorAll(`#${id} tbody tr`)];
  const count = document.querySelector(`[data-filter-count="${id}"]`);
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      if (!row.hidden) shown += 1;
    }
    if (count) count.textContent = `${shown} of ${rows.length} frames`;
  });
}
