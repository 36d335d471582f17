import { useSignal } from "@preact/signals";
import { words } from "../words/words.ts";
import type { JoinController } from "./controller.ts";
import type { MyContribution, View } from "./view.ts";

const numLatest = 5;

/** What the tab has contributed, the latest first, and the receipt. */
export function ContributionsCard({ view, controller }: { readonly view: View; readonly controller: JoinController }) {
  const showsAll = useSignal(false);
  const { contributions, numEarlier, earlierBytes } = view;
  const latest = [...contributions].reverse().slice(0, showsAll.value ? contributions.length : numLatest);
  const numBytes = contributions.reduce((sum, one) => sum + one.numBytes, earlierBytes);
  const count = contributions.length + numEarlier;
  return (
    <section class="card" aria-labelledby="contributions-title" data-testid="contributions">
      <h2 id="contributions-title">{words.contributions.title}</h2>
      {count === 0 ? (
        <p class="soft small contributions-none">{words.contributions.none}</p>
      ) : (
        <>
          <p class="figures" data-testid="contributions-total">
            {words.contributions.total(count, numBytes)}
          </p>
          <ContributionList entries={latest} />
          {!showsAll.value && contributions.length > numLatest && (
            <button
              type="button"
              class="link"
              onClick={() => {
                showsAll.value = true;
              }}
            >
              {numEarlier === 0 ? words.contributions.all(contributions.length) : words.contributions.latest(contributions.length)}
            </button>
          )}
          <div class="actions receipt">
            <button type="button" class="button" onClick={controller.downloadReceipt} data-testid="receipt">
              {words.contributions.receipt}
            </button>
          </div>
          <p class="soft small note">
            {words.contributions.receiptNote} <code>tutti receipt verify</code>
          </p>
        </>
      )}
    </section>
  );
}

/** Rows stay where they are and change what they say: a row that moves with each task would never be still. */
function ContributionList({ entries }: { readonly entries: readonly MyContribution[] }) {
  return (
    <div class="table-scroll contributions-list">
      <table class="contributions small figures">
        <thead>
          <tr>
            {words.contributions.heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {entries.map(({ at, stage, round, kind, numBytes }, i) => (
            <tr key={i}>
              <td>{words.contributions.time(at)}</td>
              <td>{words.contributions.round(stage, round)}</td>
              <td>{words.contributions.kinds[kind]}</td>
              <td>{words.contributions.size(numBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
