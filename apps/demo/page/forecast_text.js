// The forecast in words and as a table, for those who do not see the chart.

import { formatStamp } from "./calendar.js";
import { isolate, make } from "./page_tools.js";
import { formatExact, formatNumber } from "./numbers.js";

/** One sentence: from where to where. */
export function describeForecast({ name, forecast, fan, stamps, history }, levels) {
  const first = formatStamp(stamps[history.length]);
  const last = formatStamp(stamps.at(-1));
  const steps = `${isolate(name)}: ${forecast.length} steps from ${first} to ${last}`;
  const begin = forecast.findIndex(Number.isFinite);
  const end = forecast.findLastIndex(Number.isFinite);
  if (begin < 0) return `${steps}, none of which has a forecast.`;
  const text =
    `${steps}, from ` +
    `${formatNumber(forecast[begin])} to ${formatNumber(forecast[end])}`;
  if (fan.length < 2) return `${text}.`;
  const low = formatNumber(fan[0][end]);
  const high = formatNumber(fan.at(-1)[end]);
  return `${text}; at the end ${nameFan(levels)} between ${low} and ${high}.`;
}

/** How likely the truth is between the outermost quantiles. */
export function nameFan(levels) {
  if (levels.length < 2) return "";
  return `${Number((100 * (levels.at(-1) - levels[0])).toPrecision(4))} % likely`;
}

export function fillTable(table, { name, forecast, fan, stamps, history }, levels) {
  const names = ["Time", name, ...levels.map((level) => `${level} quantile`)];
  const head = make("tr", {}, ...names.map((n) => make("th", { scope: "col", dir: "auto" }, n)));
  const rows = forecast.map((value, step) => {
    const time = formatStamp(stamps[history.length + step]);
    const numbers = [value, ...fan.map((values) => values[step])];
    const cells = numbers.map((n) => make("td", {}, formatExact(n)));
    return make("tr", {}, make("th", { scope: "row" }, time), ...cells);
  });
  table.replaceChildren(
    make("thead", {}, head),
    make("tbody", {}, ...rows),
  );
}
