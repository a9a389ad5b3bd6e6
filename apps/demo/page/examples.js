// Inputs of the run's own data, to choose from.

import { find, make } from "./page_tools.js";

const WIDTH = 60; // characters of a name

/** What the run offers; an error where its data are gone. */
export async function fetchExamples() {
  const response = await fetch("examples.json");
  const found = await response.json();
  if (!response.ok) throw new Error(found.error);
  return found;
}

/** Fills the list of examples, and calls `choose` with the one that is chosen. */
export function offer(names, choose) {
  const list = find("examples");
  find("examples-field").hidden = names.length < 1;
  names.forEach((name, place) => {
    const short = name.length > WIDTH ? `${name.slice(0, WIDTH - 1)}\u2026` : name;
    list.append(make("option", { value: place, dir: "auto" }, short));
  });
  list.addEventListener("change", () => {
    if (list.value) choose(Number(list.value));
  });
}

/** The list shows none: what stands in the fields is the user's own. */
export function forgetExample() {
  find("examples").value = "";
}

/** Offers texts for the field of a text; those of a run that has none are not missed. */
export async function offerTexts(answer) {
  find("text").addEventListener("input", forgetExample);
  const examples = await fetchExamples().catch(() => []);
  const texts = examples.map(({ text }) => text);
  const names = texts.map((text) => text.replace(/\s+/g, " ").trim());
  offer(names, (place) => {
    find("text").value = texts[place];
    answer();
  });
}
