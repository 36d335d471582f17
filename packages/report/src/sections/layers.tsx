/** @jsxRuntime automatic */
/** @jsxImportSource preact */
import { type Grid, layerScoresOf, type RunRecord, rankCorrelations } from "@tutti/record";
import { FigureBox, Figures, prose, Remarks, Table } from "../elements.tsx";
import { heatMap, spectrumFigure } from "../figures/layerFigures.ts";
import { layerLines, ritzLines } from "../runTable.ts";
import { spectraNote } from "../sentences/figures.ts";
import { keptLayersText } from "../sentences/runs.ts";
import { differenceText, scoreText } from "../text.ts";
import { layerHeads, rankHeads, ritzSummary, runHeads, selectedCaption, titles } from "../words.ts";

/** So many spectra are drawn; all are in results.json. */
const maxSpectra = 12;

/** Which layers travel, how their scores compare, and what the probes found. */
export function LayerSection({ grid }: { readonly grid: Grid }) {
  const spectra = spectraOf(grid).map(({ run, label }) => spectrumFigure(run, label));
  return (
    <>
      <SelectedLayers grid={grid} />
      <RankTable grid={grid} />
      {layerScoresOf(grid).map((scores) => {
        const figure = heatMap(scores);
        return <FigureBox key={figure.title} figure={figure} isWide />;
      })}
      {spectra.length === 0 ? null : <Remarks texts={[spectraNote]} />}
      <Figures figures={spectra} />
    </>
  );
}

/** Whether a run of the experiment scored, selected or probed layers. */
export const hasLayers = (grid: Grid) =>
  cellsOf(grid).some(({ run }) => run.selector !== null || run.layerScores.length > 0 || run.spectra.length > 0);

function cellsOf(grid: Grid) {
  return grid.rows.flatMap((row) => grid.columns.flatMap((column) => grid.runsOf(row, column).map((run) => ({ row, column, run }))));
}

/** One probed run for each method and task. */
function spectraOf(grid: Grid): { readonly run: RunRecord; readonly label: string }[] {
  const probed = grid.rows.flatMap((row) =>
    grid.columns.flatMap((column) => {
      const run = grid.runsOf(row, column).find(({ spectra }) => spectra.length > 0);
      return run === undefined ? [] : [{ run, label: `${row.label}, ${column.label}` }];
    }),
  );
  return probed.slice(0, maxSpectra);
}

function SelectedLayers({ grid }: { readonly grid: Grid }) {
  const lines = cellsOf(grid)
    .filter(({ run }) => run.selector !== null)
    .map(({ row, column, run }) => ({
      cells: [
        row.label,
        prose(column.label),
        String(run.seed),
        scoreText(run.keepFraction),
        String(run.selectedLayers.length),
        prose(run.selectedLayers.join(", ")),
      ],
    }));
  return lines.length === 0 ? null : (
    <Table caption={selectedCaption} head={["method", prose("task"), ...layerHeads, prose("layers sent")]} lines={lines} />
  );
}

function RankTable({ grid }: { readonly grid: Grid }) {
  const lines = rankCorrelations(grid).map(({ row, first, second, mean, numSeeds }) => ({
    cells: [row.label, prose(first), prose(second), mean === null ? "–" : differenceText(mean), String(numSeeds)],
  }));
  const [between, and, rho, seeds] = rankHeads;
  return lines.length === 0 ? null : (
    <Table caption={titles.ranks} head={["method", prose(between), prose(and), rho, seeds]} lines={lines} />
  );
}

/** The layers of one run, and its Ritz values behind a line that opens them. */
export function RunLayerSection({ run }: { readonly run: RunRecord }) {
  const ritz = ritzLines(run);
  return (
    <>
      <Table caption={titles.layers} isTitledAbove head={runHeads.layers} lines={layerLines(run).map((cells) => ({ cells }))} />
      <p class="soft">{keptLayersText(run)}</p>
      {ritz.length === 0 ? null : (
        <details>
          <summary>{ritzSummary}</summary>
          <Table
            caption={ritzSummary}
            head={runHeads.ritz}
            lines={ritz.map(([device = "", values = "", weights = ""]) => ({ cells: [device, prose(values), prose(weights)] }))}
          />
        </details>
      )}
    </>
  );
}
