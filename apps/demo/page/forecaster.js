// A history in, a forecast with its fan out.

import { formatStamp, fromField, joinStamp, splitStamp, stampAt, toField } from "./calendar.js";
import { drawChart } from "./chart.js";
import { letDraw } from "./drawing.js";
import { fetchExamples, forgetExample, offer } from "./examples.js";
import { describeForecast, fillTable, nameFan } from "./forecast_text.js";
import {
  count,
  describeRounding,
  fitRows,
  formatRows,
  parseRows,
  roundWithin,
} from "./numbers.js";
import { offerFile } from "./own_file.js";
import { find, make, show } from "./page_tools.js";

const LAST = Date.UTC(9000, 0, 1); // a calendar ends somewhere

export async function start(facts, session) {
  const [, length, columns] = session.model.inputs.history;
  const state = { facts, session, length, range: null, scale: null, shown: null };
  if (columns !== facts.history.length) {
    throw new Error(`The file takes ${columns} columns, not ${facts.history.length}.`);
  }
  const examples = await listExamples();
  label(state);
  const answer = session.whenQuiet((isStale) => forecast(state, isStale), 30);
  const forgetFile = addFile(state, answer);
  const forget = () => {
    forgetExample();
    forgetFile();
  };
  const showExample = (place) => {
    forgetFile();
    fill(facts, { ...examples[place], start: joinStamp(examples[place].start) });
    answer();
  };
  for (const id of ["history", "future", "start"]) {
    find(id).addEventListener("input", () => {
      forget();
      answer();
    });
  }
  find("target").addEventListener("change", () => draw(state));
  find("reset").addEventListener("click", () => {
    forget();
    showExample(0);
  });
  offer(examples.length > 1 ? examples.map(nameExample) : [], showExample);
  addDrawing(state, () => {
    forget();
    answer();
  });
  new ResizeObserver(() => draw(state)).observe(find("chart"));
  if (examples.length) {
    fill(facts, { ...examples[0], start: joinStamp(examples[0].start) });
  } else {
    find("start").value = toField(Date.UTC(2025, 0, 1));
  }
  return {
    answer: () => examples.length || find("history").value ? answer() : undefined,
    clear: () => clear(state),
  };
}

/** What cannot be answered has no forecast beside it. */
function clear(state) {
  state.shown = null;
  state.scale = null;
  find("chart").replaceChildren();
  for (const id of ["chart-text", "note"]) find(id).textContent = "";
  find("table").replaceChildren();
  find("latency").textContent = "-";
  show(find("wrong"), "");
}

function refuse(state, error) {
  clear(state);
  show(find("wrong"), error.message);
}

function addFile(state, answer) {
  const { facts, length, session } = state;
  const horizon = session.model.outputs.forecast[1];
  return offerFile(
    { facts, length, horizon },
    {
      take(found) {
        forgetExample();
        show(find("wrong"), "");
        fill(facts, found);
        answer();
      },
      fail(error) {
        answer.cancel();
        refuse(state, error);
      },
    },
  );
}

function nameExample({ series, start }, place) {
  const begin = `forecast from ${formatStamp(joinStamp(start))}`;
  return [place + 1, series, begin].filter(Boolean).join(" \u2013 ");
}

/** Histories of the run's own data. Where they are gone, the user has others. */
async function listExamples() {
  try {
    return await fetchExamples();
  } catch (error) {
    find("reset").hidden = true;
    const remedy = "Choose a file of yours, or paste your own numbers.";
    show(find("wrong"), `There is no example: ${error.message}. ${remedy}`);
    return [];
  }
}

function label({ facts, length }) {
  const { history, future, targets } = facts;
  for (const target of targets) find("target").append(make("option", {}, target));
  find("target-field").hidden = targets.length === 1;
  find("history-label").textContent = `Numbers of ${history.join(", ")}`;
  const parted = history.length > 1 ? ", its columns parted by commas or tabs" : "";
  find("history-help").textContent =
    `One row a step${parted}; the file reads the last ${length} rows. Empty fields ` +
    "are missing values.";
  find("future-field").hidden = future.length === 0;
  find("future-label").textContent = `Known future of ${future.join(", ")}`;
  find("fan-key").textContent = nameFan(facts.quantiles);
  find("fan-key").hidden = facts.quantiles.length < 2;
}

function fill({ history, future, categories }, given) {
  find("history").value = formatRows(given.history, history, categories);
  find("future").value = formatRows(given.future, future, categories);
  find("start").value = toField(given.start);
}

/** What the fields hold, as the file takes it. */
function read({ facts, session, length }) {
  const { history, future, categories } = facts;
  const rows = parseRows(find("history").value, history, categories);
  if (rows.flat().every(Number.isNaN)) throw new Error("There is no number yet.");
  const start = fromField(find("start").value);
  if (!(start < LAST)) {
    throw new Error("Give the time of the first forecast step, before the year 9000.");
  }
  const inputs = {
    history: Float32Array.from(fitRows(rows, length, history).flat()),
    start: Int32Array.from(splitStamp(start)),
  };
  if (future.length) inputs.future = readFuture(facts, session.model.inputs.future[1]);
  return { rows, start, inputs };
}

function readFuture({ future, categories }, horizon) {
  const rows = parseRows(find("future").value, future, categories);
  const what = `The known future of ${future.join(", ")}`;
  if (rows.length !== horizon) {
    throw new Error(`${what} takes ${horizon} rows, not ${rows.length}.`);
  }
  const gap = rows.findIndex((row) => row.some(Number.isNaN));
  if (gap >= 0) {
    throw new Error(`${what} lacks a known value in row ${gap + 1}.`);
  }
  return Float32Array.from(rows.flat());
}

async function forecast(state, isStale) {
  let given;
  try {
    given = read(state);
  } catch (error) {
    refuse(state, error);
    return;
  }
  const outputs = await state.session.run(given.inputs);
  const ofZeros = await forecastZeros(state, given.inputs);
  if (isStale()) return;
  const shown = { ...given, outputs, ofZeros };
  if (isTooLarge({ ...state, shown })) {
    refuse(state, new Error("There is no forecast: some of the numbers are too large."));
    return;
  }
  show(find("wrong"), "");
  state.shown = shown;
  draw(state);
}

/** The forecast of zeros: NaN where there is none whatever the history is. */
async function forecastZeros({ facts, session }, { start, ...given }) {
  if (!Object.keys(facts.silent).length) return [];
  const inputs = { start };
  for (const name of Object.keys(given)) {
    inputs[name] = new Float32Array(given[name].length);
  }
  const { outputs } = await session.model.run(inputs); // it is not timed
  return outputs.forecast;
}

/** Whether float32 does not hold a forecast: NaN has another reason in some places. */
function isTooLarge(state) {
  return state.facts.targets.some((target) => {
    const { forecast, fan, history, isSilent } = seriesOf(state, target);
    const isEmpty = history.every(Number.isNaN);
    return [forecast, ...fan].some((numbers) =>
      numbers.some((value, step) => {
        const mayLack = isEmpty || isSilent[step];
        return Number.isNaN(value) ? !mayLack : !Number.isFinite(value);
      }),
    );
  });
}

/** Why the target that is looked at has no forecast, or not at every step. */
function explainMissing({ name, history, forecast }, silent) {
  if (forecast.every(Number.isFinite)) return "";
  if (history.every(Number.isNaN)) {
    return `${name}: no forecast, because its rows have no value.`;
  }
  const where = silent[name].join(", ");
  return `${name}: no forecast at ${where}: training never has a value there.`;
}

function describeLength(rows, length) {
  if (rows === length) return "";
  const more = rows > length ? `the last ${length} are read` : "the others are missing";
  return `${count(rows, "row")} of ${length}: ${more}.`;
}

/** The history and the forecast of a target. */
function seriesOf({ facts, length, shown, session }, target) {
  const { targets, history: columns, frequency } = facts;
  const place = targets.indexOf(target);
  const { history } = shown.inputs;
  const { forecast: values, quantiles = [] } = shown.outputs;
  const levels = facts.quantiles.length;
  const horizon = session.model.outputs.forecast[1];
  const steps = Array.from({ length: horizon }, (_, step) => step);
  const at = (step) => step * targets.length + place;
  return {
    name: targets[place],
    history: Array.from({ length }, (_, step) =>
      history[step * columns.length + place],
    ),
    forecast: steps.map((step) => values[at(step)]),
    isSilent: steps.map((step) => Number.isNaN(shown.ofZeros[at(step)])),
    fan: facts.quantiles.map((_, q) =>
      steps.map((step) => quantiles[at(step) * levels + q]),
    ),
    stamps: Array.from({ length: length + horizon }, (_, step) =>
      stampAt(shown.start, step - length, frequency),
    ),
  };
}

function draw(state) {
  if (!state.shown) return;
  const series = seriesOf(state, find("target").value);
  find("note").textContent = [
    describeLength(state.shown.rows.length, state.length),
    explainMissing(series, state.facts.silent),
    describeRounding(series.name, state.shown.rows, state.facts.history),
  ]
    .filter(Boolean)
    .join(" ");
  state.scale = drawChart(find("chart"), series, state.range);
  if (state.range) return; // the words follow when the stroke has ended
  find("chart-text").textContent = describeForecast(series, state.facts.quantiles);
  fillTable(find("table"), series, state.facts.quantiles);
}

function addDrawing(state, answer) {
  const { facts, length } = state;
  letDraw(find("chart"), {
    scale: () => state.scale,
    steps: () => length,
    begin() {
      state.range = [state.scale.low, state.scale.high];
      state.rows = fitRows(state.shown.rows, length, facts.history);
    },
    change(step, value) {
      const place = facts.targets.indexOf(find("target").value);
      const [low, high] = state.range;
      state.rows[step][place] = roundWithin(value, high - low);
      find("history").value = formatRows(state.rows, facts.history, facts.categories);
      answer();
    },
    end() {
      state.range = null;
      answer();
    },
  });
}
