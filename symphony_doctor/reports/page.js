"use strict";
// Everything can be read without this script: it only hides, copies and opens what is there.

function reveal(element) {
  if (element) element.hidden = false;
}

function announce(text) {
  document.getElementById("announcement").textContent = text;
}

// Findings: a card is shown where one of its findings matches; of what it explains, those that match.
function filterFindings() {
  const form = document.getElementById("filters");
  if (!form) return;
  const findings = Array.from(document.querySelectorAll("[data-finding]"), (element) => ({
    element,
    severity: element.dataset.severity,
    rule: element.dataset.rule,
    nodes: new Set(element.dataset.nodes.split(" ")),
    card: element.closest(".card"),
  }));
  const cards = Array.from(document.querySelectorAll(".card"));
  const groups = Array.from(document.querySelectorAll(".card details"));
  const shown = document.getElementById("shown");

  function apply() {
    const data = new FormData(form);
    const severities = new Set(data.getAll("severity"));
    const node = data.get("node");
    const rule = data.get("rule");
    const visible = new Set();
    let count = 0;
    for (const finding of findings) {
      const matches =
        severities.has(finding.severity) && (!node || finding.nodes.has(node)) && (!rule || finding.rule === rule);
      if (matches) {
        count += 1;
        visible.add(finding.card);
      }
      if (finding.element !== finding.card) finding.element.hidden = !matches;
    }
    for (const card of cards) card.hidden = !visible.has(card);
    for (const group of groups) {
      const items = group.querySelector(".items");
      if (items) group.hidden = !items.querySelector(":scope > li:not([hidden])");
    }
    document.getElementById("none-left").hidden = count > 0;
    shown.textContent = `${count} of ${findings.length} findings`;
  }

  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  reveal(form);
}

// Streams: texts are read once, and a choice only writes, so that thousands of rows are laid out once.
function filterStreams() {
  const form = document.getElementById("stream-filter");
  if (!form) return;
  const rows = Array.from(document.getElementById("streams-rows").rows, (element) => ({
    element,
    text: element.cells[0].textContent.toLowerCase(),
    faulty: element.classList.contains("faulty"),
    streams: Number(element.dataset.streams || 1),
    hidden: false,
  }));
  const total = rows.reduce((sum, row) => sum + row.streams, 0);
  const shown = document.getElementById("streams-shown");

  function apply() {
    const text = form.elements.text.value.trim().toLowerCase();
    const faulty = form.elements.faulty.checked;
    let count = 0;
    for (const row of rows) {
      const hidden = !row.text.includes(text) || (faulty && !row.faulty);
      if (!hidden) count += row.streams;
      if (hidden !== row.hidden) row.element.hidden = row.hidden = hidden;
    }
    shown.textContent = `${count} of ${total} streams`;
  }

  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  reveal(form);
}

// Copying: the clipboard where the browser gives it, else the selection.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

function copyButtons() {
  for (const button of document.querySelectorAll("button.copy")) {
    const source = button.dataset.copies ? button.closest(".repair") : button.closest(".command");
    const said = button.textContent;
    button.addEventListener("click", async () => {
      const text = Array.from(source.querySelectorAll("code"), (code) => code.textContent).join("\n");
      const done = await copy(text);
      button.focus();
      button.textContent = done ? "Copied" : "Not copied";
      announce(done ? "Copied" : "The browser did not let it be copied");
      setTimeout(() => {
        button.textContent = said;
      }, 2000);
    });
    reveal(button);
  }
}

// Printing: what is folded is printed too, and folded again afterwards.
function printing() {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });
}

filterFindings();
filterStreams();
copyButtons();
printing();
