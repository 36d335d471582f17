import type { RenderFunction } from "@observablehq/plot";

const svg = "http://www.w3.org/2000/svg";

/** A mark of Plot: staff lines over the frame, from its head to its foot. */
export function staff(numLines: number): RenderFunction {
  return (_index, _scales, _channels, { marginTop, marginBottom, marginLeft, marginRight, width, height }, { document }) => {
    const lines = document.createElementNS(svg, "g");
    const gap = (height - marginTop - marginBottom) / Math.max(1, numLines - 1);
    for (let at = 0; at < numLines; at++) {
      const y = String(marginTop + at * gap);
      const line = document.createElementNS(svg, "line");
      const places = { class: "staff-line", x1: String(marginLeft), x2: String(width - marginRight), y1: y, y2: y };
      for (const [name, value] of Object.entries(places)) line.setAttribute(name, value);
      lines.append(line);
    }
    return lines;
  };
}
