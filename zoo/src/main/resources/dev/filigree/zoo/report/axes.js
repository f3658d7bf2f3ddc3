'use strict';

// How axes look, where their ticks stand, and which value is nearest to a place along them.

const FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

const ink = () => ({
  stroke: colour('soft'),
  font: `11px ${FONT}`,
  labelFont: `11px ${FONT}`,
  labelSize: 18,
  labelGap: 0,
  ticks: { show: false },
  grid: { stroke: colour('grid'), width: 1 },
});

function line(ctx, x, from, to) {
  ctx.beginPath();
  ctx.moveTo(x, from);
  ctx.lineTo(x, to);
  ctx.stroke();
}

/** The index of the known value nearest to an index; null for none near. */
function nearest(values, index) {
  for (let away = 0; away < values.length; away++) {
    if (known(values[index - away])) return index - away;
    if (known(values[index + away])) return index + away;
  }
  return null;
}

function lastKnown(values) {
  for (let i = values.length - 1; i >= 0; i--) if (known(values[i])) return i;
  return null;
}

/** Round numbers along a logarithmic axis: few over many decades, closer ones within one. */
function logTicks(low, high) {
  const between = factors => {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
      ticks.push(...factors.map(factor => factor * 10 ** power).filter(tick => tick >= low && tick <= high));
    }
    return ticks;
  };
  const choices = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9]];
  return choices.map(between).find(ticks => ticks.length >= 4) ?? linearTicks(low, high);
}

function linearTicks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find(factor => factor * power >= rough);
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick);
  return ticks;
}

const placeText = (view, x) =>
  view.axis === 'step'
    ? `step ${count(x)}`
    : view.axis === 'seconds'
      ? `after ${duration(x)}`
      : view.axis === 'flops'
        ? `${operations(x)} FLOPs`
        : `${compact(x)} ${view.unit}s`;
