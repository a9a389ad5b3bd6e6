// A sentence in, its translation out.

import { find, show, whenQuiet } from "./page_tools.js";
import { describeCut, fromBytes, isFull, toBytes } from "./text_bytes.js";

export function start(facts, session) {
  const answer = whenQuiet((isStale) => translate(session, isStale), 120, session.fail);
  nameLanguage("text-label", "text", "Text", facts.source_language);
  nameLanguage("answer-title", "answer", "Translation", facts.target_language);
  find("text").addEventListener("input", answer);
  find("text").focus();
  return answer;
}

/** Tells readers, and screen readers, in which language a text is. */
function nameLanguage(titleId, textId, title, code) {
  if (!code) return;
  find(titleId).textContent = `${title} (${languageName(code)})`;
  find(textId).lang = code;
  find(textId).dir = "auto";
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
  const found = cut.read.trim() ? (await session.run({ text: cut.bytes })).text : null;
  if (isStale()) return;
  find("note").textContent = describeCut(cut, inputs.text[1]);
  find("answer").textContent = found ? fromBytes(found) : "";
  find("hint").hidden = Boolean(found);
  show(
    find("answer-note"),
    found && isFull(found)
      ? `It may be cut: the file writes ${outputs.text[1]} bytes at most.`
      : "",
  );
}
