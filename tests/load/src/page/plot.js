// One plot: lines of one or two results over one axis, with a legend, drawn again whenever its width changes.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { top: 10, right: 16, bottom: 24 };
const DASHES = ["", "5 3", "2 3", "8 3 2 3"];

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function drawn(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.append(made);
  return made;
}

/** What one line looks like: among several of one result the colour tells them apart, of two results it tells the results. */
function looks(side, number, compared) {
  return compared
    ? { stroke: `var(--line-${side})`, dash: DASHES[number % DASHES.length] }
    : { stroke: `var(--line-${number % 4})`, dash: "" };
}

/** `charts` holds the chart of each result, or nothing where a result lacks it. */
function plot(charts, compared) {
  const chart = charts.find((one) => one);
  const lines = charts.flatMap((one, side) => (one ? one.lines.map((line, number) => ({
    name: compared ? `${"AB"[side]} ${line.name}` : line.name,
    points: one.x.map((x, at) => [x, line.values[at]]).filter(([, value]) => value !== null),
    ...looks(side, number, compared),
  })) : []));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "chart");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", chart.title);
  const hover = element("div", { class: "hover", hidden: "" });
  const unit = chart.unit ? `, ${chart.unit}` : "";
  const card = element("article", { class: "plot", "data-key": chart.key },
    element("h2", {}, chart.title + unit), legend(lines), svg, hover);
  let frame = null;
  const draw = () => { frame = drawChart(svg, chart, lines); };
  new ResizeObserver(draw).observe(svg);
  svg.addEventListener("pointermove", (event) => frame && showHover(event, svg, hover, frame, chart, lines));
  svg.addEventListener("pointerleave", () => { hover.hidden = true; svg.querySelector(".cross")?.remove(); });
  return card;
}

function legend(lines) {
  const list = element("div", { class: "legend" });
  if (lines.length < 2) return list;
  for (const line of lines) {
    const key = document.createElementNS(SVG, "svg");
    drawn("line", { x1: 0, x2: "100%", y1: "50%", y2: "50%", stroke: line.stroke, "stroke-width": 2.5, "stroke-dasharray": line.dash }, key);
    list.append(element("span", {}, key, line.name));
  }
  return list;
}

function drawChart(svg, chart, lines) {
  const { width, height } = svg.getBoundingClientRect();
  if (!width) return null;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren();
  const values = lines.flatMap((line) => line.points.map(([, value]) => value));
  const y = valueAxis(values, chart.unit === "ms");
  const labels = y.ticks.map(told);
  const left = 12 + Math.max(...labels.map((label) => label.length)) * 7;
  const xs = lines.flatMap((line) => line.points.map(([x]) => x));
  const x = chart.axis === "percentile" ? percentileAxis(xs) : timeAxis(xs, Math.max(2, Math.floor(width / 110)));
  const [right, bottom] = [width - MARGIN.right, height - MARGIN.bottom];
  const atX = (value) => left + x.place(value) * (right - left);
  const atY = (value) => bottom - y.place(value) * (bottom - MARGIN.top);
  y.ticks.forEach((tick, number) => {
    drawn("line", { class: number ? "grid" : "axis", x1: left, x2: right, y1: atY(tick), y2: atY(tick) }, svg);
    drawn("text", { x: left - 6, y: atY(tick) + 4, "text-anchor": "end" }, svg).textContent = labels[number];
  });
  let free = -Infinity;
  for (const tick of x.ticks) {
    const label = x.label(tick);
    const half = label.length * 3.5;
    const middle = Math.min(Math.max(atX(tick), half + 1), width - half - 1);
    if (middle - half < free) continue;
    free = middle + half + 6;
    drawn("text", { x: middle, y: height - 7, "text-anchor": "middle" }, svg).textContent = label;
  }
  if (lines.length === 1) drawArea(svg, lines[0], atX, atY, bottom);
  for (const line of lines) drawLine(svg, line, atX, atY);
  return { atX, atY, top: MARGIN.top, bottom, left, right };
}

/** What a line that is alone encloses. */
function drawArea(svg, line, atX, atY, bottom) {
  if (line.points.length < 2) return;
  const [first, last] = [line.points[0][0], line.points[line.points.length - 1][0]];
  const top = line.points.map(([x, value]) => `${atX(x).toFixed(1)},${atY(value).toFixed(1)}`);
  const points = [`${atX(first)},${bottom}`, ...top, `${atX(last)},${bottom}`].join(" ");
  drawn("polygon", { class: "area", points, style: `fill:${line.stroke}` }, svg);
}

/** One point is a dot: a line through it has no length. */
function drawLine(svg, line, atX, atY) {
  const place = ([x, value]) => `${atX(x).toFixed(1)},${atY(value).toFixed(1)}`;
  if (line.points.length === 1) {
    const [x, value] = line.points[0];
    return drawn("circle", { class: "mark", cx: atX(x), cy: atY(value), r: 3, style: `fill:${line.stroke}` }, svg);
  }
  return drawn("polyline", {
    class: "mark", points: line.points.map(place).join(" "), "stroke-dasharray": line.dash, style: `stroke:${line.stroke}`,
  }, svg);
}

function showHover(event, svg, hover, frame, chart, lines) {
  const box = svg.getBoundingClientRect();
  const at = event.clientX - box.left;
  const nearest = (points) => points.reduce((best, point) =>
    (Math.abs(frame.atX(point[0]) - at) < Math.abs(frame.atX(best[0]) - at) ? point : best), points[0]);
  const found = lines.filter((line) => line.points.length).map((line) => [line, nearest(line.points)]);
  if (!found.length) return;
  const x = found[0][1][0];
  svg.querySelector(".cross")?.remove();
  drawn("line", { class: "cross", x1: frame.atX(x), x2: frame.atX(x), y1: frame.top, y2: frame.bottom }, svg);
  const head = chart.axis === "percentile" ? (x === 100 ? "slowest" : `p${x}`) : `${trim(x, 2)} s`;
  const rows = found.map(([line, [, value]]) => {
    const dot = element("span", { class: "dot", style: `background:${line.stroke}` });
    return element("div", {}, dot, `${line.name} ${withUnit(value, chart.unit)}`);
  });
  hover.replaceChildren(element("b", {}, head), ...rows);
  hover.hidden = false;
  const most = svg.parentElement.clientWidth - hover.offsetWidth - 4;
  hover.style.left = `${Math.max(4, Math.min((box.left - svg.parentElement.getBoundingClientRect().left) + frame.atX(x) + 10, most))}px`;
  hover.style.top = `${box.top - svg.parentElement.getBoundingClientRect().top + 6}px`;
}
