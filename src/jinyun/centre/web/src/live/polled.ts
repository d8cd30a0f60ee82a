/** What a display asks the centre for again and again, and how long ago it last had an answer. */

import { useEffect, useState } from "preact/hooks";
import { address } from "./zone.ts";

export interface Polled<T> {
  readonly value: T | null;
  /** whether the last answer is older than the display may show without saying so */
  readonly old: boolean;
}

/** Ask for `path` every `every` ms; an answer is old after `holds` ms. */
export function usePolled<T>(path: string, every: number, holds: number): Polled<T> {
  const [value, setValue] = useState<T | null>(null);
  const [old, setOld] = useState(false);
  useEffect(() => {
    let here = true;
    let had = performance.now();
    const ask = async (): Promise<void> => {
      try {
        const response = await fetch(address(path), { cache: "no-cache", signal: AbortSignal.timeout(holds) });
        if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
        const found = (await response.json()) as T;
        if (!here) return;
        had = performance.now();
        setValue(found);
        setOld(false);
      } catch {
        // Said below, once it has lasted.
      }
    };
    void ask();
    const asking = window.setInterval(() => void ask(), every);
    const watching = window.setInterval(() => setOld(performance.now() - had > holds), 250);
    return () => {
      here = false;
      window.clearInterval(asking);
      window.clearInterval(watching);
    };
  }, [path, every, holds]);
  return { value, old };
}
