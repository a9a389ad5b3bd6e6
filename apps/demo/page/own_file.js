// A file of the user's own: chosen, dropped or pasted, and which of its columns is what.

import { readTable, readText } from "./delimited.js";
import { findColumns, listSeries, takeNewest } from "./own_table.js";
import { find, make } from "./page_tools.js";
import { isDate } from "./stamps.js";

const NONE = "(none)";

/**
 * Lets the user give a file. `take` is called with what `takeNewest` gives, and `fail`
 * with an error. Returns `forget`, for when the fields are no longer those of the file.
 */
export function offerFile({ facts, length, horizon }, { take, fail }) {
  const state = { table: null, columns: null, name: "", turn: 0 };
  const input = find("own");

  function forget(keepsName = false) {
    state.turn += 1; // a file that is still read comes too late
    state.table = null;
    if (!keepsName) input.value = "";
    find("choices").hidden = true;
    find("own-note").textContent = "";
  }

  function show() {
    const { table, columns } = state;
    try {
      const found = takeNewest(table, columns, state.name, facts, length, horizon);
      const guessed = columns.guessed.map(
        (place) => ` Column ${columns.values[place]} is read as ${facts.history[place]}.`,
      );
      find("own-note").textContent = found.about + guessed.join("");
      take(found);
    } catch (error) {
      find("own-note").textContent = "";
      fail(error);
    }
  }

  function open(text, source) {
    state.table = readTable(text, source);
    state.columns = findColumns(state.table, facts);
    state.name = listSeries(state.table, state.columns.series)[0];
    drawChoices(state, facts, show);
    show();
  }

  async function read(file, isChosen) {
    forget(isChosen);
    const mine = state.turn;
    try {
      const text = await readText(file);
      if (mine === state.turn) open(text, file.name);
    } catch (error) {
      if (mine === state.turn) fail(error);
    }
  }

  input.addEventListener("change", () => {
    const [file] = input.files;
    if (file) read(file, true);
  });
  // The same file may be chosen again when it has changed.
  input.addEventListener("click", () => {
    input.value = "";
  });
  letDrop((file) => read(file, false));
  find("history").addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!hasDates(text)) return; // numbers alone go into the field
    event.preventDefault();
    forget();
    try {
      open(text, "What you pasted");
    } catch (error) {
      fail(error);
    }
  });
  return forget;
}

/** Whether a text is a table with a date in the row below its names. */
function hasDates(text) {
  try {
    const { header, rows } = readTable(text, "pasted");
    return header.length > 1 && rows[0].some(isDate);
  } catch {
    return false;
  }
}

/** Takes a file that is dropped anywhere: the browser would leave the page for it. */
function letDrop(read) {
  const target = find("own-field");
  const mark = (isOver) => target.classList.toggle("over", isOver);
  // A text that is dropped goes into the field below it.
  const hasFile = (event) => Boolean(event.dataTransfer?.types.includes("Files"));
  document.addEventListener("dragover", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => mark(Boolean(event.relatedTarget)));
  document.addEventListener("drop", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    mark(false);
    const [file] = event.dataTransfer.files;
    if (file) read(file);
  });
}

/** A list for the time, for the series and for each column of the run. */
function drawChoices(state, facts, show) {
  const { table, columns } = state;
  const names = [NONE, ...table.header];
  const orNull = (name) => (name === NONE ? null : name);
  const parts = [
    makeChoice("time", "Time", names, columns.time, (name) => {
      columns.time = orNull(name);
      show();
    }),
  ];
  if (facts.series) {
    const choose = (name) => {
      columns.series = orNull(name);
      [state.name] = listSeries(table, columns.series);
      drawChoices(state, facts, show);
      show();
    };
    parts.push(makeChoice("by", "Names of series", names, columns.series, choose));
    const list = listSeries(table, columns.series);
    const pick = (name) => {
      state.name = name;
      show();
    };
    if (list.length > 1) parts.push(makeChoice("one", "Series", list, state.name, pick));
  }
  facts.history.forEach((wanted, place) => {
    const choose = (name) => {
      columns.values[place] = orNull(name);
      columns.guessed = columns.guessed.filter((one) => one !== place);
      show();
    };
    const chosen = columns.values[place];
    parts.push(makeChoice(`value-${place}`, wanted, names, chosen, choose));
  });
  find("choices").replaceChildren(...parts);
  find("choices").hidden = false;
}

function makeChoice(id, label, names, chosen, choose) {
  const list = make("select", { id: `own-${id}` });
  for (const name of names) list.append(make("option", { value: name, dir: "auto" }, name));
  list.value = chosen ?? NONE;
  list.addEventListener("change", () => choose(list.value));
  const title = make("label", { for: list.id, dir: "auto" }, label);
  return make("p", { class: "field" }, title, list);
}
