import { exampleReport } from "@tutti/record/testing";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { bytesByPhase, evaluationPoints } from "./plots.ts";
import { renderReport } from "./report.ts";

test("the report is one page with five figures, no script and no request", () => {
  const html = renderReport(exampleReport);
  const { document } = parseHTML(html);
  expect(document.querySelectorAll("figure svg")).toHaveLength(5);
  expect(document.querySelectorAll("script, link, img, iframe")).toHaveLength(0);
  expect(html.match(/https?:\/\/[^"\s<)]+/g)?.filter((address) => !address.startsWith("http://www.w3.org/")) ?? []).toEqual([]);
  expect(document.querySelector("meta[name=viewport]")).not.toBeNull();
  expect(html).toContain("prefers-color-scheme: dark");
});

test("what comes from a run cannot become markup", () => {
  const html = renderReport(exampleReport);
  expect(html).toContain("class &lt;price&gt;");
  expect(html).not.toContain("<price>");
});

test("figures draw the test split after each evaluated round", () => {
  const points = evaluationPoints(exampleReport, ({ accuracy }) => accuracy);
  expect(points.filter(({ series }) => series === "personalised")).toEqual([
    { round: 2, value: 0.61, series: "personalised" },
    { round: 3, value: 0.702, series: "personalised" },
  ]);
});

test("a run that was not probed has no spectrum", () => {
  const { document } = parseHTML(renderReport({ ...exampleReport, spectra: [] }));
  expect(document.querySelectorAll("figure svg")).toHaveLength(4);
  expect(document.querySelectorAll("details")).toHaveLength(1);
});

test("a run that never evaluated still gets a page", () => {
  const steps = exampleReport.steps.filter(({ kind }) => kind !== "evaluate");
  expect(renderReport({ ...exampleReport, steps })).toContain("</html>");
});

test("what an evaluation fetched for the next round is drawn with that round's bytes", () => {
  const [before] = exampleReport.steps;
  if (before === undefined) throw new Error("the example has steps");
  const at = (kind: "train" | "evaluate", bytesUp: number, bytesDown: number) => ({
    ...before,
    stage: "train" as const,
    kind,
    bytesUp,
    bytesDown,
  });
  const steps = [at("train", 10, 5), at("evaluate", 2, 50), { ...at("train", 10, 1), fetchedBefore: { up: 1, down: 40 } }];
  expect(bytesByPhase(steps)).toEqual([
    { phase: "training", way: "up", bytes: 21 },
    { phase: "training", way: "down", bytes: 46 },
    { phase: "evaluation", way: "up", bytes: 1 },
    { phase: "evaluation", way: "down", bytes: 10 },
  ]);
});

test("scores say of how many texts they are, in the table and at the axis", () => {
  const { document } = parseHTML(renderReport(exampleReport));
  const [scores] = document.querySelectorAll("table");
  const rows = [...(scores?.querySelectorAll("tr") ?? [])].map((row) =>
    [...row.querySelectorAll("th, td")].map(({ textContent }) => textContent),
  );
  expect(rows[0]).toEqual(["test split", "accuracy", "macro F1", "of texts", "coverage"]);
  expect(rows.find(([name]) => name === "personalised")).toEqual(["personalised", "0.702", "0.690", "288", "95 %"]);
  expect(rows.find(([name]) => name === "majority class")).toEqual(["majority class", "0.250", "0.100", "1,288", "–"]);
  expect(document.querySelector("figure")?.textContent).toContain("accuracy (of 288 texts)");
});
