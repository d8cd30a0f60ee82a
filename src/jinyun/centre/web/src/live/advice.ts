/** The advice that is open now (协同建议), an object an episode, in an order that does not change from frame to frame. */

import type { AdviceRows } from "../wire/frame.ts";

export interface Advice {
  readonly episode: number;
  /** row of the catalogue of applications */
  readonly application: number;
  /** track that is advised, 0 everybody whom a roadside unit reaches */
  readonly receiver: number;
  /** track that it is about, 0 none */
  readonly about: number;
  readonly urgency: Urgency;
  /** where it is so [m], NaN unknown */
  readonly x_m: number;
  readonly y_m: number;
  /** how long until then [s], NaN where it has no instant */
  readonly after_s: number;
  /** what is advised, in the application's unit; NaN none */
  readonly value: number;
}

export const URGENCIES = [1, 2, 3] as const;
export type Urgency = (typeof URGENCIES)[number];

/** 0..255 of the wire as one of the three; what a later standard adds beyond is as urgent as can be. */
export function urgencyOf(code: number): Urgency {
  return code >= 3 ? 3 : code === 2 ? 2 : 1;
}

/** The rows of a frame as advice, the most urgent first, of equals the newest; `before` itself where nothing is open, still. */
export function openAdvice(rows: AdviceRows, before: readonly Advice[]): readonly Advice[] {
  if (rows.n === 0 && before.length === 0) return before;
  const open: Advice[] = [];
  for (let i = 0; i < rows.n; i++) {
    open.push({
      episode: rows.episode[i]!,
      application: rows.application[i]!,
      receiver: rows.receiver[i]!,
      about: rows.about[i]!,
      urgency: urgencyOf(rows.urgency[i]!),
      x_m: rows.x_m[i]!,
      y_m: rows.y_m[i]!,
      after_s: rows.after_s[i]!,
      value: rows.value[i]!,
    });
  }
  return open.sort((a, b) => b.urgency - a.urgency || b.episode - a.episode);
}
