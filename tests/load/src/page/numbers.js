"use strict";
// Numbers as people read them, and where they go on an axis. Nothing is drawn here.

/** A number in words of at most five signs: 1,234 or 12.3 or 1.2M. */
function told(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return trim(value / 1e9, 1) + "G";
  if (size >= 1e6) return trim(value / 1e6, size >= 1e7 ? 1 : 2) + "M";
  if (size >= 1e4) return trim(value / 1e3, size >= 1e5 ? 0 : 1) + "k";
  if (size >= 1e3) return Math.round(value).toLocaleString("en-US");
  return trim(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.01 || size === 0 ? 2 : 4);
}

function trim(value, digits) {
  return value.toFixed(digits).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

function withUnit(value, unit) {
  return unit.startsWith("/") || !unit ? told(value) + unit : `${told(value)} ${unit}`;
}

/** An axis from 0 to beyond `most` in round steps; a logarithmic one where values lie far apart. */
function valueAxis(values, far) {
  const positive = values.filter((value) => value > 0);
  const most = Math.max(...values, 0);
  if (far && positive.length && most / Math.min(...positive) > 30) {
    const low = Math.floor(Math.log10(Math.min(...positive)));
    const high = Math.ceil(Math.log10(most));
    const ticks = [];
    for (let power = low; power <= high; power++) ticks.push(10 ** power);
    const place = (value) => (Math.log10(Math.max(value, 10 ** low)) - low) / Math.max(high - low, 1);
    return { ticks, place };
  }
  const step = roundStep((most || 1) / 4);
  const top = Math.max(Math.ceil((most || 1) / step - 1e-9), 1) * step;
  const ticks = [];
  for (let tick = 0; tick <= top + step / 2; tick += step) ticks.push(tick);
  return { ticks, place: (value) => value / top };
}

function roundStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= rough * 0.999);
}

/** The axis of time: from 0, or before it where something was seen before the load began. */
function timeAxis(values, count) {
  const [first, last] = [Math.min(...values, 0), Math.max(...values, 1e-3)];
  const step = roundStep((last - first) / count);
  const ticks = [];
  for (let tick = Math.ceil(first / step) * step; tick <= last + 1e-9; tick += step) ticks.push(tick);
  return { ticks, place: (value) => (value - first) / (last - first), label: (tick) => `${trim(tick, 2)} s` };
}

/** The axis of percentiles: each nine more takes the same room, and the highest value stands half a nine behind the last. */
function percentileAxis(values) {
  const nines = (value) => -Math.log10(1 - value / 100);
  const last = Math.max(...values.filter((value) => value < 100).map(nines), 1);
  const end = last + 0.5;
  const place = (value) => (value >= 100 ? 1 : nines(value) / end);
  const ticks = [0, 50, 90, 99, 99.9, 99.99, 99.999].filter((tick) => nines(tick) <= last + 0.01);
  return { ticks: [...ticks, 100], place, label: (tick) => (tick === 100 ? "max" : `p${tick}`) };
}
