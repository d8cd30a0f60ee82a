/** Hands on the map: drag, wheel, pinch, keys and a click that picks. */

import type { View } from "./view.ts";

export interface Wishes {
  pick(px: number, py: number): void;
  fit(): void;
  /** the user moved the map by hand, so following ends */
  moved(): void;
  escape(): void;
}

const CLICK_PX = 5;
const KEY_PAN_PX = 90;
const KEY_ZOOM = 1.4;

/** Listen on the map's element; returns the way to stop. */
export function gestures(element: HTMLElement, view: View, wishes: Wishes): () => void {
  const pointers = new Map<number, { x: number; y: number }>();
  let travelled = 0;
  const stop = new AbortController();
  const options = { signal: stop.signal };

  const place = (event: PointerEvent | WheelEvent): { x: number; y: number } => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  element.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      element.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, place(event));
      if (pointers.size === 1) travelled = 0;
    },
    options,
  );
  element.addEventListener(
    "pointermove",
    (event) => {
      const before = pointers.get(event.pointerId);
      if (before === undefined) return;
      const now = place(event);
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      pointers.set(event.pointerId, now);
      if (other === undefined) {
        travelled += Math.hypot(now.x - before.x, now.y - before.y);
        if (travelled < CLICK_PX) return;
        view.pan(now.x - before.x, now.y - before.y);
      } else {
        travelled = CLICK_PX;
        const was = Math.hypot(before.x - other.x, before.y - other.y);
        const is = Math.hypot(now.x - other.x, now.y - other.y);
        view.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
        if (was > 1) view.zoom(is / was, (now.x + other.x) / 2, (now.y + other.y) / 2);
      }
      wishes.moved();
    },
    options,
  );
  const release = (event: PointerEvent): void => {
    const had = pointers.delete(event.pointerId);
    if (had && event.type === "pointerup" && pointers.size === 0 && travelled < CLICK_PX) {
      const { x, y } = place(event);
      wishes.pick(x, y);
    }
  };
  element.addEventListener("pointerup", release, options);
  element.addEventListener("pointercancel", release, options);
  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { x, y } = place(event);
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      view.zoom(Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * 0.0018), x, y);
    },
    { ...options, passive: false },
  );
  element.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const [mx, my] = view.middle();
      const keys: Record<string, () => void> = {
        ArrowLeft: () => view.pan(KEY_PAN_PX, 0),
        ArrowRight: () => view.pan(-KEY_PAN_PX, 0),
        ArrowUp: () => view.pan(0, KEY_PAN_PX),
        ArrowDown: () => view.pan(0, -KEY_PAN_PX),
        "+": () => view.zoom(KEY_ZOOM, mx, my),
        "=": () => view.zoom(KEY_ZOOM, mx, my),
        "-": () => view.zoom(1 / KEY_ZOOM, mx, my),
        "0": () => wishes.fit(),
        Home: () => wishes.fit(),
        Escape: () => wishes.escape(),
      };
      const act = keys[event.key];
      if (act === undefined) return;
      event.preventDefault();
      if (event.key.startsWith("Arrow")) wishes.moved();
      act();
    },
    options,
  );
  return () => stop.abort();
}
