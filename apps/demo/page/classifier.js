// Text in, labels with bars and coloured words out.

import { offerTexts } from "./examples.js";
import { find, formatShare, isolate, make } from "./page_tools.js";
import { describeCut, readCuts, toBytes } from "./text_bytes.js";
import { measureFalls, splitWords } from "./words.js";

const SHOWN = 5; // labels, until all are asked for
const STRONG = 0.05; // a fall that is worth a word

export function start(facts, session) {
  const state = { facts, session, showsAll: false, probabilities: null };
  const explain = session.whenQuiet((isStale) => showWords(state, isStale), 300);
  const answer = session.whenQuiet(async (isStale) => {
    await showLabels(state, isStale);
    if (!isStale()) explain();
  }, 60);
  find("text").addEventListener("input", answer);
  find("more").addEventListener("click", () => {
    state.showsAll = !state.showsAll;
    drawBars(state);
  });
  offerTexts(answer);
  find("text").focus();
  return { answer, clear: () => clear(state) };
}

function clear(state) {
  state.probabilities = null;
  find("note").textContent = "";
  find("words-section").hidden = true;
  drawBars(state);
}

async function showLabels(state, isStale) {
  const maxBytes = state.session.model.inputs.text[1];
  const cut = toBytes(find("text").value, maxBytes);
  const isEmpty = !cut.read.trim();
  const outputs = isEmpty ? null : await state.session.run({ text: cut.bytes });
  if (isStale()) return;
  state.probabilities = outputs?.probabilities;
  find("note").textContent = describeCut(cut, maxBytes, readCuts(outputs).input);
  find("hint").hidden = !isEmpty;
  find("words-section").hidden = true;
  drawBars(state);
}

/** Places of the labels, the likeliest first. */
function rank(probabilities) {
  return [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
}

function drawBars(state) {
  const { facts, probabilities, showsAll } = state;
  const order = probabilities ? rank(probabilities) : [];
  const shown = showsAll ? order : order.slice(0, SHOWN);
  find("bars").replaceChildren(
    ...shown.map((place) => makeBar(facts, place, probabilities[place])),
  );
  const more = find("more");
  more.hidden = order.length <= SHOWN;
  more.textContent = showsAll ? "Show fewer labels" : `Show all ${order.length} labels`;
  more.setAttribute("aria-expanded", showsAll);
  find("spoken").textContent = describe(facts, order, probabilities);
}

function makeBar(facts, place, probability) {
  const bar = make("span", { class: "bar", "aria-hidden": "true" }, make("span"));
  bar.firstChild.style.width = `${100 * probability}%`;
  const row = [
    make("span", { class: "label", dir: "auto" }, nameLabel(facts, place)),
    bar,
    make("span", { class: "share" }, formatShare(probability)),
  ];
  const item = make("li", {}, ...row);
  if (isChosen(facts, place, probability)) {
    item.classList.add("chosen");
    row[0].append(" ", make("span", { "aria-hidden": "true" }, "\u2713"));
    row[0].append(make("span", { class: "hidden" }, "(chosen)"));
  }
  return item;
}

/** A label as people read it: "de (German)", or the label alone. */
function nameLabel({ labels, descriptions }, place) {
  const label = labels[place];
  return descriptions?.[label] ? `${label} (${descriptions[label]})` : label;
}

/** Whether a label of several reaches the probability that it needs. */
function isChosen({ thresholds }, place, probability) {
  return Boolean(thresholds) && probability >= thresholds[place];
}

function describe(facts, order, probabilities) {
  if (!order.length) return "";
  if (!facts.multi_label) {
    return `${nameLabel(facts, order[0])}, ${formatShare(probabilities[order[0]])}`;
  }
  const chosen = order.filter((place) => isChosen(facts, place, probabilities[place]));
  return chosen.map((place) => nameLabel(facts, place)).join(", ") || "no label";
}

async function showWords(state, isStale) {
  const { facts, probabilities } = state;
  if (!probabilities) return;
  const maxBytes = state.session.model.inputs.text[1];
  const text = toBytes(find("text").value, maxBytes).read;
  const parts = splitWords(text);
  if (parts.length < 2) return;
  const top = rank(probabilities)[0];
  const probabilityOf = async (changed) => {
    const inputs = { text: toBytes(changed, maxBytes).bytes };
    const { outputs } = await state.session.model.run(inputs); // it is not timed
    return outputs.probabilities[top];
  };
  const falls = await measureFalls(text, parts, probabilityOf, isStale);
  if (!falls) return;
  drawWords(text, parts, falls);
  find("words-note").textContent = describeFalls(text, parts, falls, nameLabel(facts, top));
  find("words-section").hidden = false;
}

function drawWords(text, parts, falls) {
  const strongest = Math.max(STRONG, ...falls.map(Math.abs));
  const nodes = [];
  let end = 0;
  parts.forEach((part, i) => {
    nodes.push(text.slice(end, part.start));
    const kind = falls[i] < 0 ? "against" : "for";
    const word = make("mark", { class: kind }, text.slice(part.start, part.end));
    word.style.setProperty("--weight", `${(100 * Math.abs(falls[i])) / strongest}%`);
    word.title = `${formatShare(-falls[i])} without it`;
    nodes.push(word);
    end = part.end;
  });
  find("words").replaceChildren(...nodes, text.slice(end));
}

function describeFalls(text, parts, falls, label) {
  const strong = [...falls.keys()]
    .filter((i) => Math.abs(falls[i]) >= STRONG)
    .sort((a, b) => Math.abs(falls[b]) - Math.abs(falls[a]))
    .slice(0, 3)
    .map((i) => {
      const word = text.slice(parts[i].start, parts[i].end);
      const points = (100 * Math.abs(falls[i])).toFixed(0);
      return `"${isolate(word)}" (${points} points ${falls[i] < 0 ? "against" : "for"} it)`;
    });
  const found = strong.length ? strong.join(", ") : "no single word";
  return (
    `Left out one by one, what changes "${isolate(label)}" most: ${found}. Words for it are ` +
    "coloured, words against it are underlined with dots."
  );
}
