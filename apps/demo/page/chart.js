// A series, its forecast and the fan around it, as SVG.

import { formatStamp } from "./calendar.js";
import { formatNumber } from "./numbers.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const TEXT_WIDTH = 7; // of a digit, at most
const LABEL_ROOM = 120; // pixels between two time labels, at least

/**
 * Draws into an `<svg>`, whose units are pixels.
 *
 * `data` has `history`, `forecast` (numbers, NaN for missing), `fan` (one list of
 * numbers for each quantile, from low to high) and `stamps` of all steps. A `range`
 * keeps the scale while someone draws. Returns the scale.
 */
export function drawChart(svg, data, range) {
  const { history, forecast, fan, stamps } = data;
  const [width, height] = [svg.clientWidth, svg.clientHeight];
  const [low, high] = range ?? findRange([...history, ...forecast, ...fan.flat()]);
  const ticks = roundTicks(low, high, 7);
  const widest = Math.max(...ticks.map((tick) => formatNumber(tick).length));
  const frame = {
    left: widest * TEXT_WIDTH + 10,
    right: width - 10,
    top: 8,
    bottom: height - 24,
  };
  const scale = makeScale(frame, stamps.length, [low, high]);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(
    ...ticks.flatMap((tick) => drawTick(tick, scale, frame)),
    ...drawTimes(stamps, scale, frame, height),
    ...drawNow(history.length, scale, frame),
    ...drawFan(fan, history.length, scale),
    drawLine(history, 0, scale, "history"),
    drawLine(history, 0, scale, "handle"), // wide enough for a finger
    drawLine(forecast, history.length, scale, "forecast"),
  );
  return scale;
}

function node(name, attributes, text = "") {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  element.textContent = text;
  return element;
}

function drawTick(tick, scale, { left, right }) {
  const y = scale.y(tick);
  const place = { x: left - 6, y: y + 4, "text-anchor": "end" };
  return [
    node("line", { class: "grid", x1: left, x2: right, y1: y, y2: y }),
    node("text", place, formatNumber(tick)),
  ];
}

function drawTimes(stamps, scale, { left, right, bottom }, height) {
  const room = Math.max(1, Math.floor((right - left) / LABEL_ROOM));
  const every = Math.max(1, Math.ceil(stamps.length / room));
  const nodes = [];
  for (let step = 0; scale.x(step) <= right - LABEL_ROOM + 30; step += every) {
    const x = scale.x(step);
    nodes.push(node("line", { class: "tick", x1: x, x2: x, y1: bottom, y2: height }));
    nodes.push(node("text", { x: x + 4, y: height - 4 }, formatStamp(stamps[step])));
  }
  return nodes;
}

function drawNow(steps, scale, { top, bottom }) {
  const x = scale.x(steps - 0.5);
  return [node("line", { class: "now", x1: x, x2: x, y1: top, y2: bottom })];
}

/** A band for each pair of quantiles, the outer ones first; broken where one lacks. */
function drawFan(fan, first, scale) {
  const bands = [];
  for (let i = 0; i < Math.floor(fan.length / 2); i += 1) {
    const [low, high] = [fan[i], fan[fan.length - 1 - i]];
    for (const [begin, end] of findRuns(low)) {
      const lower = points(low.slice(begin, end), first + begin, scale);
      const upper = points(high.slice(begin, end), first + begin, scale).reverse();
      const outline = [...lower, ...upper].join(" ");
      bands.push(node("polygon", { class: "fan", points: outline }));
    }
  }
  return bands;
}

/** Where values begin and end that are not missing: [[0, 3], [4, 7]]. */
function findRuns(values) {
  const runs = [];
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) return;
    if (runs.at(-1)?.[1] === i) runs.at(-1)[1] = i + 1;
    else runs.push([i, i + 1]);
  });
  return runs;
}

function points(values, first, scale) {
  const place = (number) => number.toFixed(1);
  return values.map((v, i) => `${place(scale.x(first + i))},${place(scale.y(v))}`);
}

/** A line that is broken where values are missing; a lone value is a dot. */
function drawLine(values, first, scale, kind) {
  let path = "";
  let isDown = false;
  points(values, first, scale).forEach((point, i) => {
    const isThere = Number.isFinite(values[i]);
    if (isThere) path += isDown ? `L${point}` : `M${point}l0,0`;
    isDown = isThere;
  });
  return node("path", { class: kind, d: path });
}

/** About `count` round numbers between `low` and `high`. */
function roundTicks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const ticks = [];
  for (let i = Math.ceil(low / step); i * step <= high; i += 1) ticks.push(i * step);
  return ticks;
}

/** Lowest and highest of the finite values, and some room around them. */
function findRange(values) {
  const finite = values.filter(Number.isFinite);
  if (!finite.length) return [0, 1];
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  const room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return [low - room, high + room];
}

/** Places of steps and values inside a frame, and back. */
function makeScale(frame, steps, [low, high]) {
  const { left, right, top, bottom } = frame;
  const dx = (right - left) / Math.max(1, steps - 1);
  const dy = (bottom - top) / (high - low);
  return {
    low,
    high,
    x: (step) => left + step * dx,
    y: (value) => bottom - (value - low) * dy,
    stepAt: (x) => Math.round((x - left) / dx),
    valueAt: (y) => low + (bottom - y) / dy,
  };
}
