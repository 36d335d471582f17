import { parseCsv } from "@tutti/data";
import { expect, test } from "vitest";
import { simulatedComparison, simulatedExperiment, simulatedRun } from "../testing/simulatedExperiment.ts";
import { csvField, renderCsv } from "./csv.ts";
import { escapeLatex, renderLatex } from "./latex.ts";

test("CSV fields with commas, quotes or line breaks are quoted, others are not", () => {
  expect(csvField('say "yes", twice')).toBe('"say ""yes"", twice"');
  expect(csvField("two\nlines")).toBe('"two\nlines"');
  expect([csvField("plain"), csvField(0.25), csvField(null), csvField(false)]).toEqual(["plain", "0.25", "", "false"]);
});

test("the CSV has a line per run, protocol and moment, and reads back", () => {
  const result = simulatedComparison();
  const [head = [], ...lines] = renderCsv(result)
    .trimEnd()
    .split("\r\n")
    .map((line) => line.split(","));
  expect(lines).toHaveLength(71 * 3 * 2 + 1);
  const first = Object.fromEntries(head.map((name, index) => [name, lines[0]?.[index]]));
  expect(first).toMatchObject({
    experiment: "simulated-comparison",
    method: "fedPepTao",
    task: "feedback/topic",
    seed: "1",
    protocol: "personalised",
    moment: "final",
  });
  expect(Number(first.score)).toBe(result.runs[0]?.final.personalised?.score);
  expect(lines.at(-1)).toHaveLength(head.length);
});

test("hostile text keeps its place in the CSV", () => {
  const run = simulatedRun({ method: "lora", task: "subj", seed: 1, variant: { axis: 'a,"b"\nc' }, error: "x,y" });
  const rows = parseCsv(renderCsv(simulatedExperiment([run])));
  expect(rows).toHaveLength(1);
  expect(rows[0]?.fields).toMatchObject({ variant_axis: 'a,"b"\nc', error: "x,y", protocol: "" });
});

test("LaTeX's own characters are escaped once", () => {
  expect(escapeLatex("50 % of {a_b} & c\\d #1 $x^2$ ~<|>")).toBe(
    "50 \\% of \\{a\\_b\\} \\& c\\textbackslash{}d \\#1 \\$x\\textasciicircum{}2\\$ \\textasciitilde{}\\textless{}\\textbar{}\\textgreater{}",
  );
  expect(escapeLatex("α 0.1 –\nβ")).toBe("$\\alpha$ 0.1 -- $\\beta$");
});

test("LaTeX tables have rules of booktabs, the best in bold and ties marked", () => {
  const text = renderLatex(simulatedComparison());
  expect(text.match(/\\begin\{tabular\}\{lrrr\}/g)).toHaveLength(6);
  for (const rule of ["toprule", "bottomrule"]) expect(text.match(new RegExp(`\\\\${rule}`, "g"))).toHaveLength(6);
  expect(text).toMatch(/LoRA & \$\\mathbf\{0\.\d{3}\} \\pm 0\.\d{3}\$/);
  expect(text).toMatch(/\$0\.\d{3} \\pm 0\.\d{3}\^\{=\}\$/);
  expect(text.match(/Ties are tested under the global protocol, after the last round, where every answer is known\.\}/g)).toHaveLength(6);
  expect(text.match(/IDPG & .*\$ \(2 seeds\) \\\\/g)).toHaveLength(6); // one run of three failed on the last task
  expect(text.match(/\(\d seeds\)/g)).toHaveLength(6);
  for (const line of text.split("\n").filter((row) => row.includes(" & "))) expect(line.match(/ & /g)).toHaveLength(3);
});
