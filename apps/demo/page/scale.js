// From numbers to places in a drawing.

/** About `count` round numbers between `low` and `high`. */
export function roundTicks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const ticks = [];
  for (let i = Math.ceil(low / step); i * step <= high; i += 1) ticks.push(i * step);
  return ticks;
}

/** Lowest and highest of the finite values, and some room around them. */
export function findRange(values) {
  const finite = values.filter(Number.isFinite);
  if (!finite.length) return [0, 1];
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  const room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return [low - room, high + room];
}

/** Places of steps and values inside a frame, and back. */
export function makeScale(frame, steps, [low, high]) {
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

/** A number in few digits: 0.0123, 371.5, 12000. */
export function formatNumber(value) {
  return String(Number(value.toPrecision(6)));
}
