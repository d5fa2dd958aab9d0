// The page: whose results they are, the numbers that matter most, the plots, the notes, and all numbers.

const results = JSON.parse(document.getElementById("results").textContent);
const compared = results.length > 1;

/** The numbers that stand first, in this order, of those that a result has: key, title, and whether more than 0 is wrong. */
const FIRST = [
  ["latency_p50_ms", "latency, p50"], ["latency_p99_ms", "latency, p99"], ["latency_max_ms", "latency, slowest"],
  ["received", "events received"], ["events_per_second", "events a second"],
  ["requests", "requests answered"], ["requests_per_second", "requests a second"],
  ["synced_p50_ms", "synced, p50"], ["synced_max_ms", "synced, last"], ["reopened_max_ms", "open again, last"],
  ["lost", "lost", true], ["doubled", "doubled", true], ["out_of_order", "out of order", true], ["streams_ended", "streams ended", true],
  ["relists", "lists again"], ["million_events_server_cpu", "server CPU per million events"], ["event_server_cpu", "server CPU per event"],
  ["bytes_per_watch", "memory per watch"], ["server_memory", "server memory"], ["own_reading_cpu", "own CPU per million events"],
];
const TILES_MAX = 12;

function head() {
  return results.map((result, side) => {
    const top = element("div", { class: "top" });
    if (compared) top.append(element("span", { class: `side side-${side}` }, "AB"[side]));
    top.append(element("h1", {}, result.scenario));
    top.append(element("span", { class: result.right ? "badge" : "badge bad" }, result.right ? "all right" : "something was wrong"));
    if (result.finishedUnixSeconds) {
      const at = new Date(result.finishedUnixSeconds * 1000).toISOString().replace("T", " ").slice(0, 16);
      top.append(element("span", { class: "when" }, `${at} UTC, ${result.cpus} CPUs, watchload ${result.version}`));
    }
    const chips = Object.entries(result.options || {}).map(([name, value]) =>
      element("span", { class: "chip" }, `${words(name)} `, element("b", {}, plain(value))));
    return element("div", { class: "run" }, top, element("div", { class: "chips" }, ...chips));
  });
}

function words(name) {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function plain(value) {
  return typeof value === "number" ? value.toLocaleString("en-US") : Array.isArray(value) ? value.join(", ") : String(value);
}

function tiles() {
  const known = FIRST.filter(([key]) => results.some((result) => result.measures?.[key]));
  return known.slice(0, TILES_MAX).map(([key, title, wrong]) => {
    const tile = element("div", { class: "tile" }, element("div", { class: "name" }, title));
    results.forEach((result, side) => {
      const measure = result.measures?.[key];
      const row = element("div", { class: compared ? "value second" : "value" });
      if (compared) row.append(element("span", { class: "dot", style: `background:var(--line-${side})` }));
      row.append(measure ? told(measure.value) : "-");
      if (measure?.unit) row.append(" ", element("small", {}, measure.unit));
      tile.append(row);
      if (wrong && measure?.value > 0) tile.classList.add("bad");
    });
    return tile;
  });
}

function plots() {
  const of = (result, key) => (result.charts || []).find((chart) => chart.key === key);
  const keys = [...new Set(results.flatMap((result) => (result.charts || []).map((chart) => chart.key)))];
  return keys.map((key) => plot(results.map((result) => of(result, key)), compared));
}

function notes() {
  return results.flatMap((result, side) => {
    if (!result.notes?.length) return [];
    const title = compared ? `Notes on ${"AB"[side]}` : "Notes";
    const list = element("ul", {}, ...result.notes.map((note) => element("li", {}, note)));
    return [element("div", { class: "card" }, element("h2", {}, title), list)];
  });
}

function numbers() {
  const keys = [...new Set(results.flatMap((result) => result.order || Object.keys(result.measures || {})))];
  const cells = compared ? ["", "A", "B", "B/A"] : ["", "value"];
  const table = element("table", {}, element("thead", {}, element("tr", {},
    ...cells.map((cell) => element("th", { class: cell ? "number" : "" }, cell)))));
  const body = element("tbody", {});
  for (const key of keys) {
    const measures = results.map((result) => result.measures?.[key]);
    const row = element("tr", {}, element("td", {}, measures.find((one) => one).title));
    for (const one of measures) row.append(element("td", { class: "number" }, one ? withUnit(one.value, one.unit) : "-"));
    if (compared) {
      const [first, second] = measures;
      row.append(element("td", { class: "number" }, first?.value && second ? trim(second.value / first.value, 2) : ""));
    }
    body.append(row);
  }
  table.append(body);
  return element("div", { class: "card" }, element("h2", {}, "All numbers"), table);
}

document.title = `watchload: ${results.map((result) => result.scenario).join(" and ")}`;
document.getElementById("head").append(...head());
document.getElementById("tiles").append(...tiles());
document.getElementById("plots").append(...plots());
document.getElementById("notes").append(...notes());
document.getElementById("numbers").append(numbers());
document.documentElement.dataset.ready = "yes";
