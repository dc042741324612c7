"use strict";
{
  const find = (id) => document.getElementById(id);
  const controls = find("controls");
  const [query, level, rule, active, count] =
    ["query", "level", "rule", "active", "count"].map(find);
  const items = [...document.querySelectorAll(".item")];
  const texts = items.map((it) => it.textContent.toLowerCase());

  function apply() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let [shown, all] = [0, 0];
    items.forEach((it, i) => {
      const finding = it.dataset.level !== undefined;
      const is = words.every((word) => texts[i].includes(word))
        && !(active.checked && it.classList.contains("exempted"))
        && (!finding || !level.value || it.dataset.level === level.value)
        && (!finding || !rule.value || it.dataset.rule === rule.value);
      it.hidden = !is;
      all += finding;
      shown += finding && is;
    });
    count.textContent = `${shown} of ${all}`;
  }

  if (controls) {
    controls.hidden = false;
    for (const it of [query, level, rule, active]) it.addEventListener("input", apply);
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !event.target.closest("input, select")) {
        event.preventDefault();
        query.focus();
      }
    });
    apply();
  }
  // Paper cannot be clicked.
  addEventListener("beforeprint", () => {
    for (const it of document.querySelectorAll("details")) it.open = true;
  });
}
