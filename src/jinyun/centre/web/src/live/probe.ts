/** `window.__jinyun`: what tests may ask of the page. */

import type { Stage } from "../map/stage.ts";
import { at } from "./motion.ts";
import type { Picture } from "./picture.ts";

export interface ParticipantProbe {
  id: number;
  kind: number;
  class: number;
  seen_by: number;
  sources: number;
  /** newest reported place */
  x_m: number;
  y_m: number;
  heading_deg: number;
  speed_mps: number;
  length_m: number;
  width_m: number;
  position_sd_m: number;
  age_ms: number;
  /** where it is drawn now; null when it is not */
  shown: { x_m: number; y_m: number } | null;
}

function participants(picture: Picture, stage: Stage): ParticipantProbe[] {
  const newest = picture.playout.newest();
  if (newest === null) return [];
  const { tracks } = newest.frame;
  return [...newest.rows].map(([id, i]) => {
    const row = stage.shown?.motion.rows.get(id);
    const place = row === undefined ? null : at(stage.shown!.motion, row, stage.shown!.u);
    return {
      id,
      kind: tracks.kind[i]!,
      class: tracks.class[i]!,
      seen_by: tracks.seen_by[i]!,
      sources: tracks.sources[i]!,
      x_m: tracks.x_m[i]!,
      y_m: tracks.y_m[i]!,
      heading_deg: tracks.heading_deg[i]!,
      speed_mps: tracks.speed_mps[i]!,
      length_m: tracks.length_m[i]!,
      width_m: tracks.width_m[i]!,
      position_sd_m: tracks.position_sd_m[i]!,
      age_ms: tracks.age_ms[i]!,
      shown: place === null ? null : { x_m: place.x_m, y_m: place.y_m },
    };
  });
}

/** Install `window.__jinyun`. */
export function installProbe(picture: Picture, stage: Stage): void {
  const probe = {
    get frames() { return picture.frames; },
    get msgs() { return picture.msgs; },
    get seq() { return picture.frame.get()?.seq ?? 0; },
    get counts() { return { ...stage.counts }; },
    get renderer() { return stage.renderer.get(); },
    get lastError() { return picture.lastError; },
    get badFrames() { return picture.badFrames; },
    get reconnects() { return picture.reconnects; },
    get link() { return picture.link.get(); },
    get zone() { return picture.zone.get()?.id ?? null; },
    get mapped() { return picture.map.get() !== null; },
    /** pictures drawn since the page began */
    get drawn() { return stage.drawn; },
    get displayRate() { return stage.displayRate.get(); },
    /** when the map was first drawn, since the navigation began [ms] */
    get opened_ms() { return stage.opened_ms; },
    /** the level of the view's tiles, and how many are wanted, kept, on their way and missing */
    get tiles() { return stage.tiles(); },
    get view() { return { x_m: stage.view.x_m, y_m: stage.view.y_m, scale: stage.view.scale }; },
    /** advice that is open, and how much of it is drawn */
    get advice() { return { open: picture.advice.get().length, drawn: stage.threads }; },
    participants: () => participants(picture, stage),
    /** Look at a place at a scale in metres per pixel. */
    look: (x_m: number, y_m: number, scale: number) => stage.view.goTo(x_m, y_m, scale, null),
    /** The pixel of a place, for clicks. */
    screen: (x_m: number, y_m: number) => stage.view.toScreen(x_m, y_m),
  };
  Object.defineProperty(window, "__jinyun", { value: probe, configurable: true });
}
