import { words } from "../words/words.ts";

interface ConfusionMatrixProps {
  /** (classes, classes): rows are right answers, columns what the model says. */
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly string[];
}

/** Right answers against what the model says, each cell coloured by its share of the row; the ink on it stays readable at any share. */
export function ConfusionMatrix({ confusion, classes }: ConfusionMatrixProps) {
  return (
    <div class="confusion">
      <table data-testid="confusion">
        <caption>
          {words.tryBatch.matrixTitle}
          <span class="soft small">{words.tryBatch.matrixNote}</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">{words.tryBatch.matrixCorner}</th>
            {classes.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {classes.map((name, row) => {
            const counts = confusion[row] ?? [];
            const total = counts.reduce((sum, count) => sum + count, 0);
            return (
              <tr key={name}>
                <th scope="row">{name}</th>
                {classes.map((column, index) => {
                  const count = counts[index] ?? 0;
                  const share = total === 0 ? 0 : count / total;
                  return (
                    <td key={column} class={index === row ? "diagonal" : undefined} style={{ "--share": share }}>
                      {words.formats.whole(count)} <span class="cell-share">{words.formats.percent(share)}</span>
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
