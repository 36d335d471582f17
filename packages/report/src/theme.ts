import { palette } from "./figures/figure.ts";

const series = (shade: "light" | "dark") => palette.map((colors, index) => `--series-${index + 1}: ${colors[shade]}`).join("; ");
const light = `--back: #fff; --ink: #18181b; --soft: #52525b; --line: #d4d4d8; --band: #f4f4f5; --heat: #0072b2; --link: #005a8f; ${series("light")}`;
const dark = `--back: #17171a; --ink: #f4f4f5; --soft: #b4b4bd; --line: #3f3f46; --band: #232327; --heat: #3d9be0; --link: #7cc4f5; ${series("dark")}`;

/** The widest that a drawing is shown, in rem: little more than it is drawn, so that its letters stay smaller than its heading. */
const figureWidthRem = 25;

/** The page's style: dark and light, phone, desk and paper. */
export const stylesheet = `
:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body { margin: 0 auto; max-width: 74rem; padding: 1rem; background: var(--back); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.5rem 0; text-wrap: balance }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.5rem; padding-top: 0.75rem; border-top: 1px solid var(--line) }
h3 { font-size: 1rem; margin: 1.5rem 0 0.4rem }
p { margin: 0.5rem 0; max-width: 46rem } .soft, figure p, caption { color: var(--soft); font-size: 0.9rem }
ul.plain { padding-left: 1.2rem; max-width: 46rem } ul.plain li { margin: 0.35rem 0 }
a { color: var(--link) }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; list-style: none; padding: 0; font-size: 0.95rem }
nav a { display: inline-block; padding: 0.25rem 0 }
.figures { margin-top: 1rem; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1.5rem 2rem }
figure { margin: 0; min-width: 0 } figcaption { font-weight: 600; margin-bottom: 0.4rem; font-size: 0.95rem }
figure svg { display: block; width: 100%; max-width: ${figureWidthRem}rem; height: auto }
.wide { overflow-x: auto; max-width: 100%; padding-bottom: 0.25rem } .wide svg { width: auto; max-width: none }
.wide:focus-visible { outline: 2px solid var(--link) }
.legend { max-width: none; display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; list-style: none; margin: 0.35rem 0 0; padding: 0; font-size: 0.875rem; color: var(--soft) }
.legend li { display: flex; align-items: center; gap: 0.4rem } .legend svg { flex: none; width: 1.75rem; height: 0.75rem }
caption.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.875rem; overflow-wrap: normal; margin: 0.25rem 0 }
caption { text-align: left; padding: 0.9rem 0 0.1rem; white-space: normal; color: var(--soft) }
.position { border: 1px solid var(--line); border-radius: 0.375rem; padding: 0.25rem 0.75rem; background: var(--band); max-width: 46rem } progress { width: 100%; accent-color: var(--heat) }
.pair { display: flex; flex-wrap: wrap; gap: 0 1.25rem } .titled { min-width: 0; max-width: 100% }
.answers { padding-left: 1.6rem; max-width: 46rem } .answers li { margin: 0.9rem 0 } .answers dl { margin: 0; display: grid; grid-template-columns: 6rem 1fr; gap: 0.2rem 0.75rem }
.answers dt { color: var(--soft); font-size: 0.9rem; font-weight: 400; margin: 0 } .answers dd { margin: 0 } @media (max-width: 30rem) { .answers dl { grid-template-columns: 1fr } .answers dd { margin-bottom: 0.3rem } }
th, td { padding: 0.3rem 0.7rem 0.3rem 0; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; white-space: nowrap; font-weight: 400 }
thead th { font-weight: 600; vertical-align: bottom; white-space: normal; min-width: 3.5rem; max-width: 9rem } th:first-child { text-align: left; white-space: normal; min-width: 7rem; max-width: 11rem }
.scores th:first-child { position: sticky; left: 0; background: var(--back) }
td.text, th.text { text-align: left; white-space: normal; min-width: 8rem; max-width: 22rem } tr.control { color: var(--soft) } tr.first-control > * { border-top: 2px solid var(--line) }
td b { font-weight: 700 } dt { font-weight: 600; margin-top: 1rem } dd { margin: 0.2rem 0; color: var(--soft); max-width: 46rem } dd ul { margin: 0.2rem 0; padding-left: 1.2rem }
details { margin: 0.5rem 0 } summary { cursor: pointer; padding: 0.5rem 0 }
pre { overflow-x: auto; font-size: 0.8rem; line-height: 1.4; padding: 0.75rem; border: 1px solid var(--line); border-radius: 0.375rem; background: var(--band) } code { font-size: 0.9em }
@media (max-width: 40rem) {
  th:first-child { min-width: 6rem; max-width: 7.5rem }
  table { font-size: 0.85rem } th, td { padding-right: 0.65rem }
}
@media print {
  :root { color-scheme: light; ${light} }
  html { font-size: 9.5pt } body { max-width: none; padding: 0 } nav { display: none } a { color: inherit; text-decoration: none }
  h2, h3 { break-after: avoid } figure, tr { break-inside: avoid } .wide { overflow: visible } .wide svg { max-width: 100%; height: auto } table { font-size: 7.5pt } .soft, caption, figure p { font-size: 8.5pt } th, td { padding-right: 0.5rem; white-space: normal }
  .figures { grid-template-columns: repeat(2, 1fr); gap: 1rem } pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 7pt }
}
`;
