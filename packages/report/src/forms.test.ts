import { parseCsv } from "@tutti/data";
import { analyse } from "@tutti/record";
import { exampleRun, exampleTextRun, simulatedComparison, simulatedExperiment, simulatedRun, simulatedSplits } from "@tutti/record/testing";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { csvField, renderCsv } from "./csv.ts";
import { renderLatex } from "./latex.ts";
import { escapeLatex } from "./latexTabular.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderPage } from "./page.tsx";

test("CSV fields with commas, quotes or line breaks are quoted, others are not", () => {
  expect(csvField('say "yes", twice')).toBe('"say ""yes"", twice"');
  expect(csvField("two\nlines")).toBe('"two\nlines"');
  expect([csvField("plain"), csvField(0.25), csvField(null), csvField(false)]).toEqual(["plain", "0.25", "", "false"]);
});

test("a text that a spreadsheet would run as a formula has an apostrophe before it, a number below 0 has none", () => {
  expect(csvField('=HYPERLINK("http://x")')).toBe('"\'=HYPERLINK(""http://x"")"');
  expect(["+1", "-1+2", "@sum", "\t=1"].map(csvField)).toEqual(["'+1", "'-1+2", "'@sum", "'\t=1"]);
  expect([csvField(-0.25), csvField("a=b"), csvField("")]).toEqual(["-0.25", "a=b", ""]);
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

test("every form says how far devices lie apart, where they were measured by themselves", () => {
  const spread = { numDevices: 20, meanAccuracy: 0.688, worstTenthAccuracy: 0.4125, meanLoss: 0.79, worstTenthLoss: 1.42 };
  const runs = [1, 2].map((seed) => {
    const run = simulatedRun({ method: "lora", task: "subj", seed });
    const personalised = { score: 0.7, accuracy: 0.7, macroF1: 0.6, loss: 0.8, numTexts: 400, spread };
    return { ...run, final: { ...run.final, personalised } };
  });
  const result = simulatedExperiment(runs);
  const [head = "", first = ""] = renderCsv(result).split("\r\n");
  const fields = Object.fromEntries(head.split(",").map((name, index) => [name, first.split(",")[index]]));
  expect(fields).toMatchObject({
    devices: "20",
    mean_accuracy_of_devices: "0.688",
    worst_tenth_accuracy: "0.4125",
    worst_tenth_loss: "1.42",
  });
  const line = "LoRA | 0.688 ±\u00a00.000 | 0.412 ±\u00a00.000 | 0.790 ±\u00a00.000 | 1.420 ±\u00a00.000 | 20";
  expect(renderMarkdown(result, "x").text).toContain(`| ${line} |`);
  expect(renderLatex(result)).toContain("LoRA & $0.688 \\pm 0.000$ & $0.412 \\pm 0.000$ &");
  const { document } = parseHTML(renderPage(result));
  const cells = [...document.querySelectorAll("#spread tbody tr > *")].map(({ textContent }) => textContent);
  expect(cells.join(" | ")).toBe(line);
  expect(parseHTML(renderPage(simulatedExperiment([]))).document.querySelector("#spread")).toBeNull();
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

/** A simulated comparison in which the test finds one method above all others on subj. */
function withBest(): ReturnType<typeof simulatedComparison> {
  const result = simulatedComparison();
  const isLeading = ({ method, task }: (typeof result.runs)[number]) => method === "lora" && task === "sst2";
  const runs = result.runs.map((run) => {
    const leading = { score: 0.97, accuracy: 0.97, macroF1: 0.97, loss: 1, numTexts: 400 };
    return isLeading(run) ? { ...run, correct: "1".repeat(388).padEnd(400, "0"), final: { ...run.final, global: leading } } : run;
  });
  return { ...result, runs };
}

test("with two seeds nothing is bold, a tie or the best in any form, and every form says of how many texts", () => {
  const few = simulatedExperiment(withBest().runs.filter(({ seed }) => seed !== 3));
  for (const text of [renderLatex(few), renderMarkdown(few, "x").text, renderPage(few), renderCsv(few)]) {
    expect(text).not.toMatch(/mathbf|\*\*|<b>|\bbest\b|≈ 0|\{=\}|better|worse/);
    expect(text).toMatch(/400/);
  }
  expect(renderMarkdown(few, "x").text).toContain("| method | feedback/topic (of 400 texts) | sst2 (of 400 texts) | subj (of 400 texts) |");
  expect(renderPage(few)).toContain('<th scope="col">subj (of 400 texts)</th>');
  expect(renderLatex(few)).toContain("feedback/topic of 400 texts, sst2 of 400 texts, subj of 400 texts.");
});

test("what the test finds above every other method is bold in every form, and nothing beside it", () => {
  const result = withBest();
  const analysis = analyse(result);
  const latex = renderLatex(result, analysis);
  expect(latex.match(/\\mathbf\{0\.970\}/g)).toHaveLength(1);
  expect(latex.match(/\\mathbf/g)).toHaveLength(1);
  expect(renderMarkdown(result, "x", analysis).text.match(/\*\*[^*]+\*\*/g)).toEqual(["**0.970 ±\u00a00.000**"]);
  expect(renderPage(result, analysis).match(/<b>[^<]*<\/b>/g)).toEqual(["<b>0.970 ±\u00a00.000</b>"]);
});

test("LaTeX has one table for each protocol, with the last round beside the chosen one, ties marked, and notes said once", () => {
  const text = renderLatex(withBest());
  expect(text.match(/Bold: a mean that the test finds above that of every other method/g)).toHaveLength(1);
  expect(text.match(/a tie with the highest mean of the column/g)).toHaveLength(1);
  expect(text.match(/Differences are tested only under the global protocol/g)).toHaveLength(1);
  expect(text.match(/\\begin\{tabular\}\{lrrrrrr\}/g)).toHaveLength(3); // three tasks at two moments
  for (const rule of ["toprule", "bottomrule"]) expect(text.match(new RegExp(`\\\\${rule}`, "g"))).toHaveLength(3);
  expect(text.match(/\\label\{tab:[^}]*-(personalised|global|newcomer)\}/g)).toHaveLength(3);
  expect(text).toContain("& \\multicolumn{2}{c}{feedback/topic} & \\multicolumn{2}{c}{sst2} & \\multicolumn{2}{c}{subj} \\\\");
  expect(text).toContain("\\cmidrule(lr){2-3} \\cmidrule(lr){4-5} \\cmidrule(lr){6-7}");
  expect(text).toMatch(/\$0\.\d{3} \\pm 0\.\d{3}\^\{=\}\$/);
  expect(text.match(/IDPG & .*\$ \(2 seeds\) & .*\$ \(2 seeds\) \\\\/g)).toHaveLength(3); // one run of three failed on the last task
  expect(text.match(/\(\d seeds\)/g)).toHaveLength(6);
  for (const line of text.split("\n").filter((row) => / & .*\$/.test(row))) expect(line.match(/ & /g)).toHaveLength(6);
});

test("LaTeX has one table where there is one task, and every cell is the one of its protocol and moment", () => {
  const result = simulatedComparison();
  const one = simulatedExperiment(result.runs.filter(({ task }) => task === "sst2"));
  const { tables } = analyse(one);
  const text = renderLatex(one);
  expect(text.match(/\\begin\{table\}/g)).toHaveLength(1);
  const means = tables.map(({ rows }) => rows.find(({ row }) => row.method === "lora")?.cells[0]?.summary?.mean.toFixed(3));
  const [line = ""] = /^ *LoRA & .*$/m.exec(text) ?? [];
  expect(
    line
      .split(" & ")
      .slice(1)
      .map((cell) => /0\.\d{3}/.exec(cell)?.[0]),
  ).toEqual(means);
  expect(new Set(means).size).toBeGreaterThan(2);
  expect(tables.map(({ protocol }) => protocol)).toEqual(["personalised", "personalised", "global", "global", "newcomer", "newcomer"]);
  expect(text).toContain("& \\multicolumn{2}{c}{Personalised} & \\multicolumn{2}{c}{Global} & \\multicolumn{2}{c}{Newcomer} \\\\");
});

test("no table of any form has a head without a name", () => {
  const alone = [exampleRun, exampleTextRun].map((run) => simulatedExperiment([run], { experiment: {} }));
  for (const result of [simulatedComparison(), simulatedSplits(), ...alone]) {
    const { document } = parseHTML(renderPage(result));
    expect(document.querySelectorAll("th").length).toBeGreaterThan(0);
    for (const head of document.querySelectorAll("th")) expect(head.textContent?.trim()).not.toBe("");
    for (const table of document.querySelectorAll("table")) expect(table.querySelector("caption")?.textContent).toBeTruthy();
    const heads = renderMarkdown(result, "x").text.match(/^\|.*\|(?=\n\| -)/gm) ?? [];
    for (const line of heads) expect(line).not.toMatch(/\|\s*\|/);
    expect(heads.length).toBeGreaterThan(1);
  }
});
