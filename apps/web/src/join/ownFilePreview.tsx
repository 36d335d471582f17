import { formatCount } from "@tutti/core";
import { words } from "../words/words.ts";
import type { DataSource } from "./dataSource.ts";

const numShown = 4;

/** The first rows of an own file and how many examples each class has. */
export function OwnFilePreview({ source }: { readonly source: DataSource & { kind: "own" } }) {
  const { examples, classes, notes } = source;
  return (
    <div class="preview stack" data-testid="own-file-preview">
      <p class="small" role="status">
        <strong>{formatCount(examples.length, "example")}</strong>: {classes.map(({ name, count }) => `${count} ${name}`).join(", ")}
      </p>
      {notes.map((note) => (
        <p class="small" key={note}>
          {note}
        </p>
      ))}
      <table>
        <thead>
          <tr>
            <th scope="col">{words.preview.text}</th>
            <th scope="col">{words.preview.label}</th>
          </tr>
        </thead>
        <tbody>
          {examples.slice(0, numShown).map((example, i) => (
            <tr key={i}>
              <td>{shortened(example.textB === undefined ? example.text : `${example.text} / ${example.textB}`)}</td>
              <td>{classes[example.label]?.name}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shortened(text: string): string {
  return text.length <= 110 ? text : `${text.slice(0, 108)} …`;
}
