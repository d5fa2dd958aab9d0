// Opens pages of watchload in headless Chromium and judges what is to be seen: `page.mjs CHROMIUM SCREENSHOTS PAGE...`, as JSON to
// standard output: for each page, width and scheme the list of what is wrong with it. Pictures go to the folder SCREENSHOTS, unless it is
// empty. What pages there are is run.py's affair.
import { createRequire } from "node:module";
import path from "node:path";

const { chromium } = createRequire(path.join(process.cwd(), "here.js"))("playwright-core");
const SCREENS = { laptop: { width: 1366, height: 900 }, phone: { width: 390, height: 844 } };
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

/** Runs in the page; tells what a person would find wrong. */
function judge() {
  const wrong = [];
  const expect = (holds, what) => holds || wrong.push(what);
  const name = (element) => `${element.tagName.toLowerCase()} "${element.textContent.trim().slice(0, 40)}"`;
  expect(document.documentElement.dataset.ready === "yes", "the script did not come to its end");
  expect(document.documentElement.scrollWidth <= innerWidth, `it is ${document.documentElement.scrollWidth} wide on ${innerWidth}`);
  for (const element of document.querySelectorAll("h1, h2, .tile, .tile div, .chip, .badge, td, th, li, .legend")) {
    expect(element.scrollWidth <= element.clientWidth + 1 || getComputedStyle(element).display === "inline", `clipped: ${name(element)}`);
    const box = element.getBoundingClientRect();
    expect(box.left >= 0 && box.right <= innerWidth + 0.5, `out of the window: ${name(element)}`);
  }
  const results = JSON.parse(document.getElementById("results").textContent);
  const wanted = new Map();
  for (const chart of results.flatMap((result) => result.charts)) wanted.set(chart.key, (wanted.get(chart.key) || 0) + chart.lines.length);
  const plots = [...document.querySelectorAll(".plot")];
  expect(plots.length === wanted.size && plots.length >= 5, `${plots.length} plots instead of ${wanted.size}`);
  for (const plot of plots) {
    const key = plot.dataset.key;
    const svg = plot.querySelector("svg.chart");
    const frame = svg.getBoundingClientRect();
    const marks = [...svg.querySelectorAll(".mark")];
    expect(marks.length === wanted.get(key), `${key}: ${marks.length} marks instead of ${wanted.get(key)}`);
    for (const mark of marks) {
      const box = mark.getBoundingClientRect();
      expect(box.width > 0 || box.height > 0, `${key}: a mark has no size`);
      expect(mark.getTotalLength() > 1, `${key}: a mark has no length`);
      expect(box.left >= frame.left - 2 && box.right <= frame.right + 2 && box.top >= frame.top - 2 && box.bottom <= frame.bottom + 2,
        `${key}: a mark leaves its plot`);
      expect(!/NaN|Infinity/.test(mark.outerHTML), `${key}: a mark has no place`);
    }
    const texts = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
    expect(texts.length >= 4, `${key}: ${texts.length} labels`);
    for (const [text, box] of texts) {
      expect(box.left >= frame.left - 1 && box.right <= frame.right + 1 && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1,
        `${key}: the label ${text} is clipped`);
      const over = texts.find(([other, place]) => other !== text && place.left < box.right && box.left < place.right
        && place.top < box.bottom - 1 && box.top < place.bottom - 1);
      expect(!over, `${key}: the labels ${text} and ${over?.[0]} lie over each other`);
    }
  }
  const [text, ground] = ["color", "backgroundColor"].map((what) => getComputedStyle(document.body)[what].match(/\d+/g).map(Number));
  const brightness = ([red, green, blue]) => 0.299 * red + 0.587 * green + 0.114 * blue;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  expect(dark ? brightness(text) - brightness(ground) > 125 : brightness(ground) - brightness(text) > 125, "text does not stand out");
  return wrong;
}

/** The box at the pointer must be there, have a line for each line of the plot, and lie within the window. */
async function hover(page) {
  const wrong = [];
  for (const plot of await page.locator(".plot").all()) {
    const box = await plot.locator("svg.chart").boundingBox();
    for (const share of [0.15, 0.95]) {
      await plot.locator("svg.chart").hover({ position: { x: box.width * share, y: box.height / 2 } });
      const seen = await plot.locator(".hover").evaluate((element) => {
        const box = element.getBoundingClientRect();
        return { shown: !element.hidden, inside: box.left >= 0 && box.right <= innerWidth, rows: element.children.length };
      });
      if (!seen.shown || !seen.inside || seen.rows < 2) wrong.push(`at the pointer of ${await plot.getAttribute("data-key")}: ${JSON.stringify(seen)}`);
    }
  }
  return wrong;
}

async function look(browser, file, screen, scheme, screenshots) {
  const context = await browser.newContext({ viewport: SCREENS[screen], colorScheme: scheme });
  try {
    const page = await context.newPage();
    const wrong = [];
    const address = `file://${path.resolve(file)}`;
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && wrong.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
    page.on("request", (request) => request.url() !== address && !request.url().startsWith("data:") && wrong.push(`it asks for ${request.url()}`));
    await page.goto(address);
    await page.waitForFunction(() => [...document.querySelectorAll(".plot svg.chart")].every((svg) => svg.childElementCount));
    if (screenshots) await page.screenshot({ path: path.join(screenshots, `${path.basename(file, ".html")}-${screen}-${scheme}.png`), fullPage: true });
    wrong.push(...await page.evaluate(judge));
    // Where the box is does not depend on colours.
    if (scheme === "light") wrong.push(...await hover(page));
    return wrong;
  } finally {
    await context.close();
  }
}

const [program, screenshots, ...files] = process.argv.slice(1);
const browser = await chromium.launch({ executablePath: program, args: FLAGS });
const found = {};
try {
  for (const file of files)
    for (const screen of Object.keys(SCREENS))
      for (const scheme of ["light", "dark"])
        found[`${path.basename(file)} on a ${screen}, ${scheme}`] = await look(browser, file, screen, scheme, screenshots);
} finally {
  await browser.close();
}
console.log(JSON.stringify(found));
