// Begins: reads the run's facts, loads its file, and shows the task's part of the page.

import * as classifier from "./classifier.js";
import * as forecaster from "./forecaster.js";
import { loadModel } from "./litert.js";
import { find, formatSize, formatTime, make, show, whenQuiet } from "./page_tools.js";
import * as translator from "./translator.js";

const TASKS = {
  "text-classification": { part: classifier, title: "Classify text", needs: "text" },
  translation: { part: translator, title: "Translate", needs: "text" },
  forecasting: { part: forecaster, title: "Forecast", needs: "history" },
};

const session = { model: null, name: null, fail, run, whenQuiet: answerWhenQuiet };
let facts;
let part = null; // of the page: `answer` answers anew, `clear` takes the answer away

/** Runs the file that is loaded, and shows how long it took. */
async function run(inputs) {
  const { outputs, milliseconds } = await session.model.run(inputs);
  find("latency").textContent = formatTime(milliseconds);
  return outputs;
}

/** Shows an error, and no answer: it would be the answer to another input. */
function fail(error) {
  part?.clear();
  find("latency").textContent = "-";
  show(find("error"), error.message || String(error));
}

/** See `whenQuiet`: an answer ends the error that stands there. */
function answerWhenQuiet(work, delay) {
  const answer = async (isStale) => {
    await work(isStale);
    if (!isStale()) show(find("error"), "");
  };
  return whenQuiet(answer, delay, fail);
}

async function start() {
  facts = await fetchFacts();
  const task = TASKS[facts.task];
  if (!task) throw new Error(`This page knows no task "${facts.task}".`);
  document.title = `${facts.run} - Polyhead`;
  find("title").textContent = facts.run;
  find("about").textContent = `${task.title} with Polyhead ${facts.polyhead}`;
  for (const { name } of facts.files) find("file").append(make("option", {}, name));
  find("facts").hidden = false;
  let opened = open().catch(fail);
  find("file").addEventListener("change", () => {
    opened = opened.then(open).catch(fail);
  });
}

async function fetchFacts() {
  const response = await fetch("facts.json");
  const found = await response.json();
  if (!response.ok) throw new Error(found.error);
  return found;
}

async function load() {
  const name = find("file").value;
  const begin = performance.now();
  let model;
  try {
    model = await loadModel(`models/${encodeURIComponent(name)}`);
  } catch (error) {
    const why = (error.message || String(error)).split("\n")[0];
    const still = session.name
      ? ` ${session.name} still runs: change what you ask it.`
      : "";
    throw new Error(`${name} cannot be run here (${why}). ${remedyOf(error)}${still}`);
  }
  const { needs } = TASKS[facts.task];
  if (!model.inputs[needs]) {
    throw new Error(
      `${name} takes ${Object.keys(model.inputs).join(", ")}, not ${needs}: its ` +
        "text is cut into pieces by the client, and this page has no pieces.",
    );
  }
  session.model?.close();
  session.model = model;
  session.name = name;
  find("size").textContent = formatSize(model.bytes);
  find("loaded").textContent = formatTime(performance.now() - begin);
}

/** A browser's own error says that nothing came from the server. */
function remedyOf(error) {
  if (!(error instanceof TypeError)) return "Export the run again.";
  return "If polyhead demo has ended, start it again.";
}

/** Loads the file that is chosen, and answers with it. */
async function open() {
  show(find("error"), "");
  show(find("status"), "Loading the model ...");
  try {
    await load();
    part ??= await startPart();
    part.answer();
  } finally {
    if (session.name) find("file").value = session.name; // an older one still runs
    show(find("status"), "");
  }
}

function startPart() {
  find("task").replaceChildren(find(facts.task).content.cloneNode(true));
  return TASKS[facts.task].part.start(facts, session);
}

start().catch((error) => {
  show(find("status"), "");
  fail(error);
});
