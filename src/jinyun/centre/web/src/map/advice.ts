/**
 * Advice on the map: a halo around who is advised, a thread to what it is about, and the application's short id beside it.
 *
 * Urgency is told three ways: by colour, by the line (dotted, dashed, solid) and by the halo (thin, firm, double). So many as
 * can be told apart are drawn, the most urgent first; a mere hint is drawn only from near, or where it is asked for.
 */

import type { Advice, Urgency } from "../live/advice.ts";
import { at } from "../live/motion.ts";
import type { Shown } from "../live/playout.ts";
import type { Application } from "../wire/catalogue.ts";
import type { View } from "./view.ts";

/** Advice drawn at once. */
export const MOST = 60;
/** Hints are drawn when nearer than this [m per drawn pixel]. */
const HINTS = 2.5;
/** Ids of one receiver in its label; more are counted. */
const MOST_IDS = 3;
/** Half the outline's room around a participant, at least [drawn px]. */
export const HALO_PX = 6;
/** Between a participant and its halo [drawn px]. */
export const HALO_GAP_PX = 4;
/** Width of thread and halo by urgency [drawn px]; 0 is nothing. */
export const WIDTHS = [0, 1.3, 1.8, 2.6] as const;
/** Drawn and left out along a thread, by urgency [drawn px]; the same in dots for the first. */
export const DASHES = [[1, 0], [1.5, 4], [7, 4], [1, 0]] as const;
const MARGIN_PX = 80;

/** One advice as it is drawn; places in metres, NaN where there is none. */
export interface Thread {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  /** half the receiver's length [m], NaN where nobody is advised but a place */
  readonly radius_m: number;
  readonly urgency: Urgency;
}

interface Label {
  readonly element: HTMLElement;
  text: string;
  urgency: Urgency;
  width: number;
  height: number;
  seen: number;
}

interface Wanted {
  readonly key: number;
  readonly px: number;
  readonly py: number;
  readonly urgency: Urgency;
  readonly ids: string[];
  more: number;
}

export class AdviceLayer {
  readonly element = document.createElement("div");
  threads: readonly Thread[] = [];
  private readonly labels = new Map<number, Label>();
  private turn = 0;

  constructor() {
    this.element.className = "advices";
    this.element.setAttribute("aria-hidden", "true");
  }

  /** Sizes have changed. */
  remeasure(): void {
    for (const label of this.labels.values()) label.width = 0;
  }

  /** Lay out what is open for this picture; `only` is the row of the one application that is shown, -1 all. */
  update(view: View, shown: Shown | null, open: readonly Advice[], only: number, known: readonly Application[]): void {
    const scale = view.scale / view.magnify;
    const threads: Thread[] = [];
    const wanted = new Map<number, Wanted>();
    for (const advice of open) {
      if (threads.length >= MOST) break;
      if (only >= 0 ? advice.application !== only : advice.urgency === 1 && scale > HINTS) continue;
      const thread = threadOf(advice, shown);
      if (thread === null || !inside(view, thread)) continue;
      threads.push(thread);
      const id = known[advice.application]?.id;
      if (id === undefined) continue;
      const key = advice.receiver === 0 ? -advice.episode : advice.receiver;
      const label = wanted.get(key);
      if (label === undefined) {
        const [px, py] = view.toScreen(thread.x0, thread.y0);
        const off = Math.max((thread.radius_m || 0) / view.scale, HALO_PX * view.magnify) + 6 * view.magnify;
        wanted.set(key, { key, px: px + off, py: py - off * 0.5, urgency: advice.urgency, ids: [id], more: 0 });
      } else if (label.ids.includes(id)) continue;
      else if (label.ids.length < MOST_IDS) label.ids.push(id);
      else label.more += 1;
    }
    this.threads = threads;
    this.write([...wanted.values()]);
  }

  /** Place the labels; one that would lie over another gives way, the newcomer before the one that stood. */
  private write(wanted: readonly Wanted[]): void {
    this.turn += 1;
    const placed: (readonly [number, number, number, number])[] = [];
    const standing = (a: Wanted): number => (this.labels.get(a.key)?.element.hidden === false ? 0 : 1);
    for (const want of [...wanted].sort((a, b) => b.urgency - a.urgency || standing(a) - standing(b))) {
      const label = this.labels.get(want.key) ?? this.make(want.key);
      label.seen = this.turn;
      const text = want.ids.join(" ") + (want.more > 0 ? ` +${want.more}` : "");
      if (label.text !== text || label.urgency !== want.urgency) {
        label.element.textContent = text;
        label.element.dataset["urgency"] = String(want.urgency);
        [label.text, label.urgency, label.width] = [text, want.urgency, 0];
      }
      if (label.width === 0) {
        label.element.hidden = false;
        label.width = label.element.offsetWidth;
        label.height = label.element.offsetHeight;
      }
      const spare = label.element.hidden ? 3 : -1;
      const box = [want.px - spare, want.py - label.height / 2 - spare, want.px + label.width + spare, want.py + label.height / 2 + spare] as const;
      const meets = placed.some((other) => other[0] < box[2] && other[2] > box[0] && other[1] < box[3] && other[3] > box[1]);
      label.element.hidden = meets;
      if (meets) continue;
      placed.push(box);
      label.element.style.transform = `translate(${want.px.toFixed(1)}px, ${(want.py - label.height / 2).toFixed(1)}px)`;
    }
    for (const [key, label] of this.labels) {
      if (label.seen === this.turn) continue;
      label.element.remove();
      this.labels.delete(key);
    }
  }

  private make(key: number): Label {
    const element = document.createElement("span");
    element.className = "advice-tag";
    this.element.append(element);
    const label: Label = { element, text: "", urgency: 1, width: 0, height: 0, seen: 0 };
    this.labels.set(key, label);
    return label;
  }
}

function place(shown: Shown | null, id: number): { readonly row: number; readonly x_m: number; readonly y_m: number } | null {
  const row = id === 0 ? undefined : shown?.motion.rows.get(id);
  return row === undefined || shown === null ? null : { row, ...at(shown.motion, row, shown.u) };
}

/** Where an advice is drawn: between its receiver and who or what it is about, or around its place alone. */
function threadOf(advice: Advice, shown: Shown | null): Thread | null {
  const { urgency } = advice;
  const receiver = place(shown, advice.receiver);
  const about = place(shown, advice.about) ?? advice;
  if (receiver === null) {
    // Who is advised has left the picture already, or it is everybody.
    if (advice.receiver !== 0 || !Number.isFinite(advice.x_m + advice.y_m)) return null;
    return { x0: advice.x_m, y0: advice.y_m, x1: NaN, y1: NaN, radius_m: NaN, urgency };
  }
  const radius_m = shown!.motion.length_m[receiver.row]! / 2;
  return { x0: receiver.x_m, y0: receiver.y_m, x1: about.x_m, y1: about.y_m, radius_m, urgency };
}

function inside(view: View, thread: Thread): boolean {
  const [px, py] = view.toScreen(thread.x0, thread.y0);
  return px > -MARGIN_PX && py > -MARGIN_PX && px < view.width + MARGIN_PX && py < view.height + MARGIN_PX;
}
