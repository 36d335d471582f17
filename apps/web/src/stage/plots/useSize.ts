import { useEffect, useRef, useState } from "preact/hooks";

/** The size of an element in CSS pixels, and of its text. */
export interface Size {
  readonly width: number;
  readonly height: number;
  readonly fontSize: number;
}

/** The size of the element that gets `ref`, followed as it changes; null before it is known. */
export function useSize<T extends Element>() {
  const ref = useRef<T>(null);
  const [size, setSize] = useState<Size | null>(null);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => {
      const { width = 0, height = 0 } = entry?.contentRect ?? {};
      if (width === 0 || height === 0) return;
      const next = {
        width: Math.round(width),
        height: Math.round(height),
        fontSize: Number.parseFloat(getComputedStyle(element).fontSize),
      };
      setSize((known) => (known !== null && isSame(known, next) ? known : next));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, size };
}

function isSame(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height && a.fontSize === b.fontSize;
}
