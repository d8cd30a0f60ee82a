/** Level of detail: at which scale [m per CSS pixel] a thing begins to be drawn and is wholly there. */

export interface Fade {
  /** nothing is drawn when farther than this */
  readonly begins: number;
  /** wholly drawn when nearer than this */
  readonly whole: number;
}

export const ALWAYS: Fade = { begins: Infinity, whole: Infinity };
/** Blocks come with the tiles of level 1, whose pictures begin where these do. */
export const BLOCKS: Fade = { begins: 16, whole: 9 };
export const SIDEWALKS: Fade = { begins: 1.6, whole: 0.9 };
export const MARKINGS: Fade = { begins: 0.5, whole: 0.28 };
export const CROSSINGS: Fade = { begins: 0.75, whole: 0.4 };
export const ARROWS: Fade = { begins: 0.27, whole: 0.16 };
export const SIGNALS: Fade = { begins: 14, whole: 8 };
export const WALK_SIGNALS: Fade = { begins: 0.6, whole: 0.4 };
export const HEADS: Fade = { begins: 0.3, whole: 0.2 };
/** Countdowns are text, so they are there or not. */
export const COUNTDOWNS = 0.34;

/** Opacity of a thing at this scale, 0..1. */
export function opacity(fade: Fade, scale: number): number {
  if (scale >= fade.begins) return fade.begins === Infinity ? 1 : 0;
  if (scale <= fade.whole) return 1;
  return (fade.begins - scale) / (fade.begins - fade.whole);
}
