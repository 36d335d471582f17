const replacements: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  $: "\\$",
  "&": "\\&",
  "#": "\\#",
  "%": "\\%",
  _: "\\_",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  α: "$\\alpha$",
  β: "$\\beta$",
  μ: "$\\mu$",
  "–": "--",
  "−": "$-$",
  "±": "$\\pm$",
};

/** Text as it may stand in LaTeX; line breaks become spaces. */
export function escapeLatex(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\{}$&#%_~^<>|αβμ–−±]/gu, (character) => replacements[character] ?? character);
}

/** Columns under one head, in a line above their names. */
export interface HeadGroup {
  readonly title: string;
  readonly numColumns: number;
}

/** Lines of a table that belong together, below a rule; a title names them in a line above. */
export interface Block {
  readonly title?: string;
  readonly lines: readonly string[];
}

/** A table in LaTeX; every part is escaped already. */
export interface Tabular {
  readonly caption: string;
  readonly label: string;
  readonly groups?: readonly HeadGroup[];
  readonly heads: readonly string[];
  readonly blocks: readonly Block[];
}

/** A line of a table. */
export const lineOf = (cells: readonly string[]): string => `${cells.join(" & ")} \\\\`;

/** A label that LaTeX takes. */
export const labelOf = (name: string, suffix: string): string => `tab:${name.replace(/[^a-zA-Z0-9-]+/g, "-")}-${suffix}`;

/** A table with the rules of booktabs. */
export function tabular({ caption, label, groups = [], heads, blocks }: Tabular): string {
  const shown = blocks.filter(({ lines }) => lines.length > 0).map((block) => blockText(block, heads.length));
  return `\\begin{table}
  \\centering
  \\caption{${caption}}
  \\label{${label}}
  \\begin{tabular}{l${"r".repeat(heads.length - 1)}}
    \\toprule
    ${[...groupLines(groups), lineOf(heads)].join("\n    ")}
    \\midrule
    ${shown.join("\n    \\midrule\n    ")}
    \\bottomrule
  \\end{tabular}
\\end{table}
`;
}

function blockText({ title, lines }: Block, numColumns: number): string {
  const head = title === undefined ? [] : [`\\multicolumn{${numColumns}}{l}{\\emph{${title}}} \\\\`];
  return [...head, ...lines].join("\n    ");
}

/** The heads of groups and a rule under each; nothing where there is one column in each. */
function groupLines(groups: readonly HeadGroup[]): string[] {
  if (groups.length === 0) return [];
  let first = 2; // the names of the lines are the first column
  const rules = groups.map(({ numColumns }) => {
    const last = first + numColumns - 1;
    const rule = `\\cmidrule(lr){${first}-${last}}`;
    first = last + 1;
    return rule;
  });
  const heads = groups.map(({ title, numColumns }) => `\\multicolumn{${numColumns}}{c}{${title}}`);
  return [`& ${heads.join(" & ")} \\\\`, rules.join(" ")];
}
