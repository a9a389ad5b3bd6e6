// What every task's part of the page needs.

export const find = (id) => document.getElementById(id);

/** Makes an element with attributes and children, which are elements or text. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** Shows a message in its place, or hides the place where there is none. */
export function show(element, message) {
  element.textContent = message;
  element.hidden = !message;
}

/**
 * Runs `work` once, `delay` milliseconds after the last call. It is given a function
 * that tells whether a newer call has come, so that late answers are not shown. The
 * function that is returned has `cancel`.
 */
export function whenQuiet(work, delay, fail) {
  let timer;
  let turn = 0;
  const call = () => {
    clearTimeout(timer);
    const mine = (turn += 1);
    const isStale = () => mine !== turn;
    const failNow = (error) => isStale() || fail(error);
    timer = setTimeout(() => work(isStale).catch(failNow), delay);
  };
  /** What is worked on comes too late. */
  call.cancel = () => {
    clearTimeout(timer);
    turn += 1;
  };
  return call;
}

const FROM_RIGHT = /[\p{Script=Arab}\p{Script=Hebr}\p{Script=Syrc}\p{Script=Thaa}]/u;

/** A text that keeps its own direction inside another one. */
export function isolate(text) {
  return FROM_RIGHT.test(text) ? `\u2068${text}\u2069` : text;
}

export function formatTime(milliseconds) {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds.toPrecision(milliseconds >= 100 ? 3 : 2)} ms`;
}

export function formatSize(bytes) {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(2)} MB`;
  return `${(bytes / 1e3).toFixed(0)} kB`;
}

export function formatShare(share) {
  return `${(100 * share).toFixed(1)} %`;
}
