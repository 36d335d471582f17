import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";

/** Rules of WCAG 2.0 to 2.2, levels A and AA. */
const tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

/** Widths in CSS pixels that need no sideways scrolling: a small phone, and a window of 1280 at 200 % zoom. */
const narrowWidths = [360, 640];

/** A window on a desk. */
export const desk = { width: 1280, height: 800 };

/** What a page in this state fails, a line each, where and why; empty when all is well. Light, dark, narrow and zoomed; the window is as it was afterwards. */
export async function accessFaults(page: Page, fitsAlone = false): Promise<string[]> {
  if (fitsAlone) return sideways(page);
  await page.emulateMedia({ colorScheme: "light" });
  const light = await violations(page, (axe) => axe.withTags(tags));
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await violations(page, (axe) => axe.withRules(["color-contrast"])); // nothing else hangs on colours
  await page.emulateMedia({ colorScheme: "light" });
  return [...light, ...dark.map((fault) => `dark: ${fault}`), ...(await sideways(page)), ...(await headingFaults(page))];
}

async function violations(page: Page, asked: (axe: AxeBuilder) => AxeBuilder): Promise<string[]> {
  const { violations: found } = await asked(new AxeBuilder({ page }).setLegacyMode(true)).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)}: ${failureSummary}`));
}

/** What makes the page scroll sideways at small widths. */
async function sideways(page: Page): Promise<string[]> {
  const size = page.viewportSize() ?? desk;
  const faults: string[] = [];
  for (const width of narrowWidths) {
    await page.setViewportSize({ width, height: size.height });
    faults.push(...(await page.evaluate(widerThanPage)).map((fault) => `${width} px: ${fault}`));
  }
  await page.setViewportSize(size);
  return faults;
}

/** In the page: elements that reach beyond its right edge, once it is drawn. */
async function widerThanPage(): Promise<string[]> {
  for (let frame = 0; frame < 2; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.querySelectorAll("main *, header *, footer *")].filter(
    (element) => element.getBoundingClientRect().right > clientWidth + 1,
  );
  return [`${scrollWidth} px wide: ${wide.map((element) => element.outerHTML.slice(0, 80)).slice(-3)}`];
}

/** Headings that skip a level, and pages without exactly one first heading. */
async function headingFaults(page: Page): Promise<string[]> {
  const levels = await page.evaluate(() =>
    [...document.querySelectorAll("h1, h2, h3, h4")]
      .filter((heading) => heading.checkVisibility())
      .map(({ tagName }) => Number(tagName[1])),
  );
  const skipped = levels.filter((level, at) => at > 0 && level > (levels[at - 1] ?? 0) + 1);
  return [
    ...(levels.filter((level) => level === 1).length === 1
      ? []
      : [`headings of level 1: ${levels.filter((level) => level === 1).length}, expected 1`]),
    ...skipped.map((level) => `a heading of level ${level} below none of level ${level - 1}: ${levels.join(" ")}`),
  ];
}

/** Starts to sum layout shifts that no input caused, from the page's first byte on. */
export async function countShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    Reflect.set(window, "shifts", []);
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { value, hadRecentInput, sources } = entry as PerformanceEntry & {
          value: number;
          hadRecentInput: boolean;
          sources: readonly { node: Node | null }[];
        };
        if (hadRecentInput) continue;
        const moved = sources.map(({ node }) => (node instanceof Element ? node.outerHTML.slice(0, 80) : String(node?.textContent)));
        Reflect.get(window, "shifts").push({ value, at: entry.startTime, moved });
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

/** The largest burst of layout shifts so far, as browsers count it (https://web.dev/articles/cls): at most a second between two, at most five seconds in all. */
export async function shiftsOf(page: Page): Promise<{ readonly largest: number; readonly moved: readonly string[] }> {
  const shifts: readonly { value: number; at: number; moved: string[] }[] = await page.evaluate(() => Reflect.get(window, "shifts"));
  let [largest, sum, first, last] = [0, 0, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { value, at } of shifts) {
    const isSameBurst = at - last < 1000 && at - first < 5000;
    sum = isSameBurst ? sum + value : value;
    if (!isSameBurst) first = at;
    last = at;
    largest = Math.max(largest, sum);
  }
  return { largest, moved: shifts.map(({ value, at, moved }) => `${value.toFixed(4)} at ${Math.round(at)} ms: ${moved}`) };
}

/** Elements that move although the reader asked for no motion: running animations and transitions that take time. */
export async function motions(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const animations = document.getAnimations().filter(({ playState }) => playState === "running");
    const names = animations.map((animation) => `animation of ${(animation.effect as KeyframeEffect).target?.className}`);
    const slow = [...document.querySelectorAll("body *")].filter((element) =>
      getComputedStyle(element)
        .transitionDuration.split(",")
        .some((duration) => Number.parseFloat(duration) > 0),
    );
    return [...names, ...slow.map((element) => `transition of ${element.outerHTML.slice(0, 60)}`)];
  });
}

/** Presses Tab until an element has the focus; throws where it never comes, or where the focus cannot be seen on the way. */
export async function tabTo(page: Page, testId: string): Promise<void> {
  for (let pressed = 0; pressed < 40; pressed++) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      const isSeen = (outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2) || boxShadow !== "none";
      return { testId: element.getAttribute("data-testid"), html: element.outerHTML.slice(0, 100), isSeen };
    });
    if (focus === null) continue; // the browser's own controls
    if (!focus.isSeen) throw new Error(`the focus cannot be seen on ${focus.html}`);
    if (focus.testId === testId) return;
  }
  throw new Error(`40 times Tab did not lead to ${testId}`);
}
