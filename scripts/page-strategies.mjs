// What the pages bring of the strategies. Plain JavaScript, as the other build scripts.

/** What of a strategy's declaration the server alone uses: its decisions, and what reports and comparisons say of it. */
const dropped = ["decisions", "methods", "publication", "deviations", "about"];
const declaring = /\/packages\/core\/src\/strategies\/(?!declaration\.ts).*\.ts$/;

const table = "/packages/core/src/strategies/table.ts";

/**
 * Leaves the strategies' decisions out of the pages, which check a run's settings and decide nothing: schemas and rules stay as they are.
 * The build fails where a declaration cannot be read, and where no strategy was found.
 * @returns {import("vite").Plugin}
 */
export const pageStrategies = () => {
  let numFound = 0;
  return {
    name: "tutti-page-strategies",
    apply: "build",
    enforce: "post",
    transform(code, id) {
      if (!declaring.test(id.split("?")[0] ?? id) || !code.includes("declareStrategy(")) return null;
      const cuts = declarationsIn(this.parse(code)).flatMap(({ properties }) => cutsOf(properties));
      if (cuts.length === 0)
        throw new Error(`${id}: it declares its strategy in another way than before; adapt scripts/page-strategies.mjs`);
      numFound++;
      return { code: without(code, cuts), map: null };
    },
    generateBundle(_, bundle) {
      if (numFound === 0) throw new Error("no strategy was found; adapt scripts/page-strategies.mjs");
      const modules = Object.values(bundle).flatMap((output) => (output.type === "chunk" ? Object.entries(output.modules) : []));
      if (modules.some(([id, { renderedExports }]) => id.endsWith(table) && renderedExports.includes("createStrategy")))
        throw new Error(
          "a page uses createStrategy, and scripts/page-strategies.mjs leaves decisions out: let the coordinator send what the page needs",
        );
    },
  };
};

/** The objects that `declareStrategy` is given at a module's top. */
function declarationsIn({ body }) {
  return body
    .map((statement) => statement.declaration ?? statement)
    .flatMap(({ declarations = [] }) => declarations)
    .filter(({ init }) => init?.type === "CallExpression" && init.callee.name === "declareStrategy")
    .map(({ init }) => init.arguments[0]);
}

/** From each property that is dropped to the next one. */
function cutsOf(properties) {
  return properties.flatMap(({ key, start, end }, i) => {
    if (!dropped.includes(key?.name)) return [];
    return [{ start, end: properties[i + 1]?.start ?? end }];
  });
}

function without(code, cuts) {
  return cuts.reduceRight((text, { start, end }) => text.slice(0, start) + text.slice(end), code);
}
