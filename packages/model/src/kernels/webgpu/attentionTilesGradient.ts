import { each } from "./attentionForm.ts";
import {
  blockSeen,
  blockSize,
  columns,
  common,
  keep,
  mix,
  numInvocations,
  own,
  place,
  products,
  queryRows,
  reader,
  startSums,
  type TilesForm,
  writeSums,
} from "./attentionTiles.ts";

/** One number of a buffer of vectors. */
const singleOf = ({ components }: TilesForm, buffer: string, at: string): string =>
  components === 4 ? `${buffer}[(${at}) / 4][(${at}) % 4]` : `${buffer}[${at}]`;

/** The log-sum-exp and the inner product of dy and y of the queries from `first` on, into `stats`. */
const gradientCommon = (form: TilesForm): string => `
    var<workgroup> stats : array<vec2<f32>, ${numInvocations}>;
    ${common(form)}
    ${reader(form, "dy")}
    ${reader(form, "attended")}
    fn gatherStats(b : i32, keyHead : i32, first : i32) {
      let query = clampQuery(first + i32(localIndex) / 2);
      let at = rowAt(b, keyHead, query);
      var inner = 0.0;
      for (var four = i32(localIndex) % 2; four < (uniforms.headSize + 3) / 4; four += 2) { inner += dot(dyFour(at, four), attendedFour(at, four)); }
      let statPlace = statAt(b, keyHead, query);
      stats[localIndex] = vec2<f32>(${singleOf(form, "attended", "statPlace")}, inner);
    }
    // log-sum-exp and inner product of a row of the block
    fn statsOf(row : i32) -> vec2<f32> { return vec2<f32>(stats[2 * row].x, stats[2 * row].y + stats[2 * row + 1].y); }`;

/** dk and dv of the 32 keys from place `first` on (those of the prefix stand in front), from every query of example b. */
const keyBlock = (form: TilesForm): string => `
      if (localIndex == 0u) {
        let firstToken = max(first - uniforms.numPrefix, 0);
        let isHidden = first - uniforms.numPrefix >= lengths[b];
        bounds.y = select(select(0, firstToken, uniforms.isCausal != 0), uniforms.numTokens, isHidden);
      }
      let tStart = workgroupUniformLoad(&bounds).y;
      let length = min(lengths[b], uniforms.numTokens);
      ${startSums(form, "dk")}
      ${startSums(form, "dv")}
      for (var g = 0; g < headGroup(); g++) {
        for (var t = tStart; t < uniforms.numTokens; t += ${blockSize}) {
          let query = g * uniforms.numTokens + t;
          workgroupBarrier();
          gatherStats(b, keyHead, query);
          ${products(form, "s", "keyFour(b, keyHead, first + r, 0, four)", "qkvFour(queryAt(b, keyHead, clampQuery(query + r)), four)")}
          ${products(form, "e", "keyFour(b, keyHead, first + r, 1, four)", "dyFour(rowAt(b, keyHead, clampQuery(query + r)), four)")}
          ${each(
            own,
            (c) => `
          let stats${c} = statsOf(x + ${8 * c});
          let limit${c} = select(0, seenBy(length, clampQuery(query + x + ${8 * c})), t + x + ${8 * c} < uniforms.numTokens);`,
          )}
          let lse = vec4<f32>(stats0.x, stats1.x, stats2.x, stats3.x);
          let inner = vec4<f32>(stats0.y, stats1.y, stats2.y, stats3.y);
          let limit = vec4<i32>(limit0, limit1, limit2, limit3);
          ${each(
            own,
            (a) => `
          let p${a} = select(vec4<f32>(0.0), exp(s${a} - lse), vec4<i32>(first + y + ${8 * a}) < limit);
          let g${a} = p${a} * (e${a} - inner);`,
          )}
          ${keep("p")}
          ${mix(form, "dv", "dyFour(rowAt(b, keyHead, clampQuery(query + r)), four)")}
          ${keep("g")}
          ${mix(form, "dk", "qkvFour(queryAt(b, keyHead, clampQuery(query + r)), four)")}
        }
      }`;

/** dq of the 32 queries from `first` on. */
const queryBlock = (form: TilesForm): string => `
      ${queryRows}
      ${blockSeen}
      gatherStats(b, keyHead, first);
      ${startSums(form, "dq")}
      for (var j = 0; j < numSeen; j += ${blockSize}) {
        ${products(form, "s", "qkvFour(queryAt(b, keyHead, clampQuery(first + r)), four)", "keyFour(b, keyHead, j + r, 0, four)")}
        ${products(form, "e", "dyFour(rowAt(b, keyHead, clampQuery(first + r)), four)", "keyFour(b, keyHead, j + r, 1, four)")}
        ${each(
          own,
          (a) => `
        let stats${a} = statsOf(y + ${8 * a});
        let p${a} = select(vec4<f32>(0.0), exp(s${a} - vec4<f32>(stats${a}.x)), ${columns("j")} < vec4<i32>(seen${a}));
        let g${a} = p${a} * (e${a} - vec4<f32>(stats${a}.y));`,
        )}
        ${keep("g")}
        ${mix(form, "dq", "keyFour(b, keyHead, j + r, 0, four)")}
      }
      ${writeSums(
        form,
        "dq",
        (a) => `queryAt(b, keyHead, query${a})`,
        (a) => `query${a} < numQueries`,
      )}`;

/** dQkv (rows, rowWidth): the first workgroups of each (key head, b) take queries, the others keys. */
export function inputGradientSource(form: TilesForm): string {
  const at = (a: number) => `tokenKeyAt(b, keyHead, token + ${8 * a})`;
  const isThere = (a: number) => `token + ${8 * a} < uniforms.numTokens`;
  return `
    ${gradientCommon(form)}
    fn main() {
      ${place}
      let numQueryBlocks = (numQueries + ${blockSize - 1}) / ${blockSize};
      if (localIndex == 0u) { bounds.z = i32(workgroupId.x); }
      let job = workgroupUniformLoad(&bounds).z;
      if (job < numQueryBlocks) {
        let first = job * ${blockSize};
        ${queryBlock(form)}
        return;
      }
      let first = uniforms.numPrefix + (job - numQueryBlocks) * ${blockSize};
      ${keyBlock(form)}
      let token = first - uniforms.numPrefix + y;
      ${writeSums(form, "dk", at, isThere)}
      ${writeSums(form, "dv", (a) => `${at(a)} + keyWidth()`, isThere)}
    }`;
}

/** The prefix's gradient of each example by itself, (B, 2, P, keyWidth). */
export function prefixPartsSource(form: TilesForm): string {
  const at = (part: number) => (a: number) =>
    `((2 * b + ${part}) * uniforms.numPrefix + first + y + ${8 * a}) * keyWidth() + keyHead * uniforms.headSize`;
  const isThere = (a: number) => `first + y + ${8 * a} < uniforms.numPrefix`;
  return `
    ${gradientCommon(form)}
    fn main() {
      ${place}
      let first = i32(workgroupId.x) * ${blockSize};
      ${keyBlock(form)}
      ${writeSums(form, "dk", at(0), isThere)}
      ${writeSums(form, "dv", at(1), isThere)}
    }`;
}

/** Sums over the batch, one example after the other. */
export const sumPartsSource = `
    fn main() {
      let i = i32(globalId.x);
      let size = uniforms.outShape;
      if (i >= size) { return; }
      var total = 0.0;
      for (var b = 0; b < uniforms.batch; b++) { total += parts[b * size + i]; }
      result[i] = total;
    }`;
