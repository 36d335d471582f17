/** @jsxRuntime automatic */
/** @jsxImportSource preact */
import type { Grid } from "@tutti/record";
import { Figures, Legend } from "../elements.tsx";
import { type Against, curveFigure, type Shown } from "../figures/curves.ts";

const kinds: readonly {
  readonly protocol: "global" | "personalised" | "newcomer";
  readonly shown: Shown;
  readonly against: Against;
}[] = [
  ...(["score", "loss"] as const).flatMap((shown) =>
    (["round", "bytes", "seconds"] as const).map((against) => ({ protocol: "global", shown, against }) as const),
  ),
  { protocol: "personalised", shown: "score", against: "round" },
  { protocol: "personalised", shown: "score", against: "bytes" },
  { protocol: "newcomer", shown: "score", against: "round" },
];

/** Every task's curves, with one legend for all of its figures. */
export function CurveSection({ grid }: { readonly grid: Grid }) {
  const columns = grid.columns.map((column) => ({
    column,
    figures: kinds.map((kind) => curveFigure(grid, column, kind)).filter((figure) => figure !== null),
  }));
  return (
    <>
      {columns
        .filter(({ figures }) => figures.length > 0)
        .map(({ column, figures }) => (
          <div key={column.key}>
            <h3>{column.label}</h3>
            <Legend legend={figures[0]?.legend ?? []} />
            <Figures figures={figures.map((figure) => ({ ...figure, legend: [] }))} />
          </div>
        ))}
    </>
  );
}
