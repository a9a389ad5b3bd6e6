// Changing the history by drawing on the chart with mouse, pen or finger.

const isOnLine = (event) => event.target.classList.contains("handle");

/**
 * Calls `change(step, value)` for every step of the history that the pointer passes,
 * and `begin` and `end` around a stroke.
 */
export function letDraw(svg, { scale, steps, begin, change, end }) {
  let last = null;

  function place(event) {
    const box = svg.getBoundingClientRect();
    const step = scale().stepAt(event.clientX - box.left);
    const value = scale().valueAt(event.clientY - box.top);
    return { step: Math.min(Math.max(step, 0), steps() - 1), value };
  }

  svg.addEventListener("pointerdown", (event) => {
    if (event.button || !scale()) return; // nothing is drawn yet
    if (event.pointerType !== "mouse" && !isOnLine(event)) return;
    const { left } = svg.getBoundingClientRect();
    if (scale().stepAt(event.clientX - left) >= steps()) return;
    svg.setPointerCapture(event.pointerId);
    begin();
    last = place(event);
    change(last.step, last.value);
  });

  // A finger that begins elsewhere scrolls the page; one on the line does not.
  const stay = (event) => isOnLine(event) && event.preventDefault();
  svg.addEventListener("touchstart", stay, { passive: false });

  svg.addEventListener("pointermove", (event) => {
    if (!last || !scale()) return;
    const next = place(event);
    // A quick hand jumps over steps: they lie on the line between.
    const passed = Math.abs(next.step - last.step) || 1;
    for (let i = 1; i <= passed; i += 1) {
      const share = i / passed;
      const step = Math.round(last.step + share * (next.step - last.step));
      change(step, last.value + share * (next.value - last.value));
    }
    last = next;
  });

  for (const name of ["pointerup", "pointercancel"]) {
    svg.addEventListener(name, () => {
      if (last) end();
      last = null;
    });
  }
}
