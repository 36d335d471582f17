import * as Plot from "@observablehq/plot";
import { expect, test } from "vitest";
import { draw } from "./figure.ts";
import { standaloneSvg } from "./standaloneSvg.tsx";

const points = [
  [0, 1],
  [1, 2],
];
const drawn = draw({ marks: [Plot.line(points, { clip: true }), Plot.text([[0, 1]], { text: ["a < b & c"] })] }, 'r > 0.5 & "x" <b>');
const text = standaloneSvg({ title: "<script>alert(1)</script>", description: "d > e", svg: drawn, legend: [] });

test("a drawing in a file keeps the names of its elements, which XML tells apart by large and small letters", () => {
  const names = new Set([...text.matchAll(/<([A-Za-z]+)/g)].map(([, name = ""]) => name));
  expect([...names].filter((name) => name !== name.toLowerCase())).toEqual(["clipPath"]);
  expect([...names].sort()).toEqual(["circle", "clipPath", "g", "path", "rect", "style", "svg", "text"].filter((name) => names.has(name)));
  expect(names).toContain("path");
});

test("its size is read also where its description holds what ends a tag, and all that is said is escaped", () => {
  expect(text).toMatch(/^<svg .{1,90} width="384" height="\d+" viewBox="0 0 384 \d+"/);
  expect(text).not.toMatch(/<script>|<b>/);
  expect(text).toContain("a &lt; b &amp; c");
});
