// A sentence in, its translation out.

import { offerTexts } from "./examples.js";
import { find, formatShare, show } from "./page_tools.js";
import { describeCut, fromBytes, isFull, readCuts, toBytes } from "./text_bytes.js";

export function start(facts, session) {
  const answer = session.whenQuiet((isStale) => translate(session, isStale), 120);
  nameLanguage("text-label", "text", "Text", facts.source_language);
  nameLanguage("answer-title", "answer", "Translation", facts.target_language);
  find("text").addEventListener("input", answer);
  offerTexts(answer);
  find("text").focus();
  return { answer, clear };
}

function clear() {
  find("note").textContent = "";
  find("answer").textContent = "";
  show(find("answer-note"), "");
}

/** Tells readers, and screen readers, in which language a text is. */
function nameLanguage(titleId, textId, title, code) {
  if (!code) return;
  find(titleId).textContent = `${title} (${languageName(code)})`;
  find(textId).lang = code;
}

function languageName(code) {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code);
  } catch {
    return code; // a name of the user's own
  }
}

async function translate(session, isStale) {
  const { inputs, outputs } = session.model;
  const cut = toBytes(find("text").value, inputs.text[1]);
  const found = cut.read.trim() ? await session.run({ text: cut.bytes }) : null;
  if (isStale()) return;
  const cuts = readCuts(found);
  find("note").textContent = describeCut(cut, inputs.text[1], cuts.input);
  find("answer").textContent = found ? fromBytes(found.text) : "";
  find("hint").hidden = Boolean(found);
  show(find("answer-note"), found ? describeAnswer(found, cuts, outputs.text[1]) : "");
}

/** How sure the file is of its answer, and whether the answer has its end. */
function describeAnswer(found, cuts, maxBytes) {
  const notes = [];
  if (found.score) {
    const score = found.score[0];
    const piece = formatShare(Math.exp(score)); // of each piece, on the average
    notes.push(`Score ${score.toFixed(2)}: ${piece} sure of each piece, 0 is the best.`);
  }
  // A file of Polyhead 0.2 does not say it.
  if (found.truncated ? cuts.output : isFull(found.text)) {
    const may = found.truncated ? "is" : "may be";
    notes.push(`The answer ${may} cut: the file writes ${maxBytes} bytes at most.`);
  }
  return notes.join(" ");
}
