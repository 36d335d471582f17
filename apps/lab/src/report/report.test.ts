import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { exampleReport } from "../results/exampleReport.ts";
import { evaluationPoints } from "./plots.ts";
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
