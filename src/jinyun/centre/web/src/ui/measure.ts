/** What of the map the panels leave free, and how large the page's type is. */

import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Stage } from "../map/stage.ts";

const NARROW = "(max-width: 760px)";
/** The type size for which marks on the map are drawn at their plain size [CSS pixels]. */
const PLAIN_TYPE_PX = 15;
/** Marks are smaller where the whole zone is as wide as a hand. */
const ON_A_PHONE = 0.8;

export function useNarrow(): boolean {
  const [narrow, set] = useState(() => window.matchMedia(NARROW).matches);
  useEffect(() => {
    const query = window.matchMedia(NARROW);
    const changed = (): void => set(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return narrow;
}

/** Keep the stage told of the page's size and of what the panels cover. */
export function usePadding(page: RefObject<HTMLElement | null>, stage: Stage | null, narrow: boolean, panels: boolean): void {
  useEffect(() => {
    const element = page.current;
    if (element === null || stage === null) return;
    const tell = (): void => {
      const box = element.getBoundingClientRect();
      const type = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      const covered = (name: string): DOMRect | null => {
        const panel = element.querySelector<HTMLElement>(`[data-panel="${name}"]`);
        return panel === null || panel.hidden ? null : panel.getBoundingClientRect();
      };
      const gap = type * 0.8;
      const sheet = covered("sheet");
      stage.resize(
        box.width,
        box.height,
        {
          left: (covered("left")?.right ?? 0) + gap,
          right: box.width - (covered("right")?.left ?? box.width) + gap,
          top: (covered("header")?.bottom ?? 0) + gap,
          bottom: (sheet === null ? 0 : Math.min(box.height - sheet.top, box.height * 0.34)) + gap * (narrow ? 1 : 3),
        },
        narrow ? ON_A_PHONE : Math.max(1, type / PLAIN_TYPE_PX),
      );
    };
    const observer = new ResizeObserver(tell);
    observer.observe(element);
    tell();
    return () => observer.disconnect();
  }, [page, stage, narrow, panels]);
}
