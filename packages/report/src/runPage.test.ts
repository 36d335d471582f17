import { experimentOfRun } from "@tutti/record";
import { exampleRun } from "@tutti/record/testing";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { renderPage } from "./page.tsx";

const pageOf = (run = exampleRun) => renderPage(experimentOfRun(run, { startedAt: "2026-01-02T03:04:05.000Z" }));
const html = pageOf();
const { document } = parseHTML(html);

test("the report of one run is one page with five figures, no script and no request", () => {
  expect(document.querySelectorAll("figure svg[role=img]")).toHaveLength(5);
  expect(document.querySelectorAll("script, link, img, iframe")).toHaveLength(0);
  const addresses = html.match(/https?:\/\/[^"\s<)]+/g) ?? [];
  expect(addresses.filter((address) => !address.startsWith("http://www.w3.org/"))).toEqual([]);
  expect(document.querySelector("meta[name=viewport]")).not.toBeNull();
  expect(html).toContain("prefers-color-scheme: dark");
});

test("the page has landmarks, and every table a caption and heads with their scope", () => {
  for (const landmark of ["header", "nav[aria-label]", "main"]) expect(document.querySelector(landmark)).not.toBeNull();
  expect(document.querySelectorAll("h1")).toHaveLength(1);
  // a drawing is one image with a name: parts of it that had names of their own would be read without their role
  expect(document.querySelectorAll("svg[role=img][aria-label] [aria-label]")).toHaveLength(0);
  const tables = [...document.querySelectorAll("table")];
  expect(tables.length).toBeGreaterThan(4);
  for (const table of tables) {
    expect(table.querySelector("caption")?.textContent).not.toBe("");
    expect([...table.querySelectorAll("th")].every((cell) => ["col", "row"].includes(cell.getAttribute("scope") ?? ""))).toBe(true);
  }
});

test("the clients of a run are called what they are, and just clients where anybody could join", () => {
  const heads = (["tabs", "node", "any"] as const).map((clients) => pageOf({ ...exampleRun, clients }));
  for (const [index, text] of ["in 4 tabs", "in 4 Node processes", "in 4 clients"].entries()) expect(heads[index]).toContain(text);
});

test("a report says how far a claimed number of examples counted, where there was a limit (P-121)", () => {
  const settings = { ...exampleRun.settings, roster: "open" } as const;
  expect(pageOf({ ...exampleRun, settings: { ...settings, maxCountedExamples: 250 } })).toContain(
    "No device counts with more than 250 examples, whatever it claims.",
  );
  expect(pageOf({ ...exampleRun, settings })).not.toContain("whatever it claims");
});

test("a report says how many batches devices skipped, and nothing where it is none (P-255)", () => {
  const [step] = exampleRun.steps ?? [];
  if (step === undefined) throw new Error("the example has no steps");
  const steps = [step, { ...step, numSkipped: 3 }, { ...step, numSkipped: 1 }];
  expect(pageOf({ ...exampleRun, steps })).toContain(
    "Devices skipped 4 batches in 2 training steps, because loss or gradient was not finite",
  );
  expect(html).not.toContain("skipped");
});

test("what comes from a run cannot become markup", () => {
  expect(html).toContain("class &lt;price>");
  expect(html).not.toContain("<price>");
});

test("scores say of how many texts they are, in the table and at the axis, and devices have their spread", () => {
  const [scores, spread] = [...document.querySelectorAll("#scores table")].map((table) =>
    [...table.querySelectorAll("tr")].map((row) => [...row.querySelectorAll("th, td")].map(({ textContent }) => textContent)),
  );
  expect(scores?.[0]).toEqual(["test split", "accuracy", "macro F1", "texts", "coverage"]);
  expect(scores?.find(([name]) => name === "personalised")).toEqual(["personalised", "0.702", "0.690", "288", "95 %"]);
  expect(scores?.find(([name]) => name === "majority class")).toEqual(["majority class", "0.250", "0.100", "1,288", "–"]);
  expect(spread?.slice(1)).toEqual([
    ["accuracy", "0.688", "0.412"],
    ["loss", "0.790", "1.420"],
  ]);
  expect(document.querySelector("figure")?.textContent).toContain("accuracy (of 288 to 1,288 texts)".replace(" to 1,288", ""));
});

test("a run that was not probed has no spectrum, and one that never evaluated still has a page", () => {
  const unprobed = parseHTML(pageOf({ ...exampleRun, spectra: [] })).document;
  expect(unprobed.querySelectorAll("figure svg[role=img]")).toHaveLength(4);
  const bare = pageOf({ ...exampleRun, curve: [], final: {}, best: null, layerScores: [], spectra: [], steps: [] });
  expect(bare).toContain("No run has a score yet.");
  expect(bare).toContain("</html>");
});

test("a run that goes says so and how far it is, before anything else", () => {
  const position = {
    stage: "train",
    round: 3,
    numRounds: 12,
    numStepsDone: 5,
    numSteps: 20,
    secondsLeft: null,
    at: "2026-01-02T03:04:05.000Z",
    isRunning: true,
  } as const;
  const going = parseHTML(pageOf({ ...exampleRun, position })).document;
  expect(going.querySelector("header .position")?.textContent).toContain(
    "This run is still going: training round 3 of 12, 5 of 20 steps done.",
  );
  const bar = going.querySelector("progress");
  expect([bar?.getAttribute("value"), bar?.getAttribute("max"), bar?.getAttribute("aria-label")]).toEqual(["5", "20", "Progress"]);
  expect(document.querySelector(".position")).toBeNull();
});

test("a run that has not trained yet claims nothing about its layers and its training rounds", () => {
  const position = {
    stage: "count",
    round: 3,
    numRounds: 3,
    numStepsDone: 4,
    numSteps: 13,
    secondsLeft: null,
    at: "2026-01-02T03:04:05.000Z",
    isRunning: true,
  } as const;
  const { uploads: _, ...rest } = exampleRun;
  const early = pageOf({ ...rest, position, keepFraction: null, selectedLayers: [] });
  expect(early).toContain("Which layers are sent is not decided yet.");
  expect(early).toContain(`${exampleRun.settings.numRounds} training rounds, seed`);
  for (const text of ["Keep fraction r", "smaller uploads", "0 training rounds", "0 rounds"]) expect(early).not.toContain(text);
  expect(html).toContain("Keep fraction r");
});

test("the nine baselines are spoken of only where one of them is in the report, and of no publication where there is none", () => {
  const definitions = (method: string, methodTitle: string) =>
    parseHTML(pageOf({ ...exampleRun, method, methodTitle })).document.querySelector("#definitions")?.textContent ?? "";
  expect(definitions("adapter", "Adapter")).toContain(
    "nine baselines are those of its paper as remembered; some may differ from it. Each method follows",
  );
  expect(definitions("fedPepTao", "FedPepTAO")).not.toContain("nine baselines");
  expect(definitions("fedPepTao", "FedPepTAO")).toContain("Each method follows its own publication");
  expect(definitions("settings", "These settings")).not.toMatch(/baselines|Each method/);
});

test("a run with an open roster counts the devices that took part, and says which score is of other texts than the rest", () => {
  const alone = (exampleRun.steps ?? []).map((step) => ({ ...step, cohort: [7], counted: [7] }));
  const settings = { ...exampleRun.settings, roster: "open" as const, numDevices: 4 };
  const { personalised = exampleRun.final.global } = exampleRun.final;
  const final = personalised === undefined ? {} : { personalised: { ...personalised, numTexts: 72 } };
  const controls = { ...exampleRun.controls, majorityScores: { accuracy: 0.25, macroF1: 0.1, numTexts: 288 } };
  const page = pageOf({ ...exampleRun, steps: alone, settings, final, controls, clients: "any", numClients: 1 });
  expect(page).toContain("1 device in 1 client");
  expect(page).toContain(
    "The score of the majority class is that of the whole test split, 288 texts; scores of 72 texts are not on the same texts, so compare them with care.",
  );
  expect(pageOf({ ...exampleRun, controls })).not.toContain("not on the same texts");
});
