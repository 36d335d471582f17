import { type ContributionBody, type PlannedTask, scalars, type WordTable } from "@tutti/core";
import { type ContributionHeader, decodeExpected, isRefusal, type Refusal, refuse } from "@tutti/protocol";

/** The header of a kind of contribution. */
export type HeaderOf<K extends ContributionHeader["kind"]> = Extract<ContributionHeader, { kind: K }>;

/** The result of a device's search: a step size changes by a factor of e in each iteration at most (P-211). */
export function readSearched(
  { header, tensors }: { readonly header: HeaderOf<"search">; readonly tensors: Uint8Array | undefined },
  { spec, expects }: PlannedTask,
): ContributionBody | Refusal {
  if (spec.kind !== "search" || tensors === undefined) return refuse("P-45", "tensors: are missing");
  const most = spec.stepSize * Math.exp(spec.numIterations - 1) * 1.0001; // rounded on the way
  const least = spec.stepSize * Math.exp(-spec.numIterations);
  if (header.stepSize < least || header.stepSize > most)
    return refuse("P-211", `header.stepSize: ${header.stepSize}, only ${least} to ${most} is possible`);
  const decoded = decodeExpected(tensors, expects);
  return isRefusal(decoded) ? decoded : { ...header, delta: decoded.params };
}

/** The prompt that a device's edits lead to, with what the backbone's files say of its tokens (P-246, P-248). */
export function readEdited(
  { tokens, accuracy }: HeaderOf<"edit">,
  { task: { spec }, words }: { readonly task: PlannedTask; readonly words?: WordTable | undefined },
): ContributionBody | Refusal {
  if (spec.kind !== "edit" || words === undefined) return refuse("P-45", "header.kind: no prompt of words is edited here");
  if (tokens.length > spec.mostTokens)
    return refuse("P-246", `header.tokens: ${tokens.length} of them, a prompt has at most ${spec.mostTokens}`);
  const texts = tokens.map((id) => (id < words.size ? words.textOf(id) : null));
  const wrong = texts.indexOf(null);
  if (wrong >= 0) return refuse("P-246", `header.tokens[${wrong}]: ${tokens[wrong]} is no token that stands for a text, of ${words.size}`);
  const again = tokens.findIndex((id, at) => tokens.indexOf(id) < at);
  if (again >= 0)
    return refuse("P-246", `header.tokens[${again}]: ${tokens[again]} stands there twice, and an edit never puts a word in again`);
  const data = words.rows(tokens);
  const rows = { shape: [tokens.length, tokens.length === 0 ? 0 : data.length / tokens.length], data };
  return { kind: "edit", tokens, accuracy, words: { rows, texts: texts.map((text) => text ?? "") } };
}

/** What a device found along its perturbations: no scalar is beyond the lease's bound, and those of skipped steps are 0 (P-222). */
export function readPerturbed(
  { header, tensors }: { readonly header: HeaderOf<"perturb">; readonly tensors: Uint8Array | undefined },
  { spec, expects }: PlannedTask,
): ContributionBody | Refusal {
  if (spec.kind !== "perturb" || tensors === undefined) return refuse("P-45", "tensors: are missing");
  const decoded = decodeExpected(tensors, expects);
  if (isRefusal(decoded)) return decoded;
  const found = decoded.params[scalars]?.data ?? new Float32Array(0);
  const most = spec.maxScalar * 1.001; // rounded on the way; beyond maxScalar none counts
  const beyond = found.find((value) => Math.abs(value) > most);
  if (beyond !== undefined) return refuse("P-222", `${scalars}: ${beyond}, at most ${spec.maxScalar} in magnitude is possible`);
  const numZero = found.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
  if (header.numSkipped > numZero)
    return refuse(
      "P-222",
      `header.numSkipped: ${header.numSkipped} steps, but only ${numZero} ${scalars} are 0, as those of skipped steps are`,
    );
  return { ...header, delta: decoded.params };
}
