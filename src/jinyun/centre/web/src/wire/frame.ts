/** A frame of the live picture: all tracks, signals and open advice of one tick, as the cloud published it. */

import { ColumnsError, need, table, unpack, want } from "./columns.ts";
import { Bodies } from "./bodies.ts";

export interface Tracks {
  readonly n: number;
  readonly id: ArrayLike<number>;
  readonly kind: ArrayLike<number>;
  readonly class: ArrayLike<number>;
  readonly seen_by: ArrayLike<number>;
  readonly sources: ArrayLike<number>;
  readonly x_m: ArrayLike<number>;
  readonly y_m: ArrayLike<number>;
  readonly heading_deg: ArrayLike<number>;
  readonly speed_mps: ArrayLike<number>;
  readonly length_m: ArrayLike<number>;
  readonly width_m: ArrayLike<number>;
  readonly height_m: ArrayLike<number>;
  readonly position_sd_m: ArrayLike<number>;
  readonly age_ms: ArrayLike<number>;
}

export interface Signals {
  readonly n: number;
  readonly node: ArrayLike<number>;
  readonly phase: ArrayLike<number>;
  readonly light: ArrayLike<number>;
  readonly remaining_ds: ArrayLike<number>;
}

/** Advice that is open, a row an episode; what a cloud of another age does not tell has no rows. */
export interface AdviceRows {
  readonly n: number;
  readonly episode: ArrayLike<number>;
  /** row of the catalogue of applications */
  readonly application: ArrayLike<number>;
  /** track that is advised; 0 everybody whom a roadside unit reaches */
  readonly receiver: ArrayLike<number>;
  /** track that it is about, 0 none */
  readonly about: ArrayLike<number>;
  /** 1 inform, 2 warn, 3 act now */
  readonly urgency: ArrayLike<number>;
  readonly x_m: ArrayLike<number>;
  readonly y_m: ArrayLike<number>;
  readonly after_s: ArrayLike<number>;
  readonly value: ArrayLike<number>;
}

export interface Bilingual {
  readonly zh: string;
  readonly en: string;
}

export interface Frame {
  readonly seq: number;
  readonly t_us: number;
  readonly zone: string;
  readonly clock: "live" | "replay";
  readonly simulated: boolean;
  /** Whether the zone's map belongs under these tracks. */
  readonly map: boolean;
  readonly label: Bilingual | null;
  readonly tracks: Tracks;
  readonly signals: Signals;
  readonly advice: AdviceRows;
}

export const REMAINING_UNKNOWN = 65535;

export function bilingual(value: unknown): Bilingual | null {
  if (typeof value !== "object" || value === null) return null;
  const { zh, en } = value as Partial<Record<"zh" | "en", unknown>>;
  const text = typeof zh === "string" ? zh : typeof en === "string" ? en : null;
  if (text === null) return null;
  return { zh: typeof zh === "string" ? zh : text, en: typeof en === "string" ? en : text };
}

/**
 * Decode one binary message of the live channel; throws {@link ColumnsError} when it is not a frame, or one whose key is
 * not among `bodies`.
 */
export function readFrame(buffer: ArrayBuffer, bodies: Bodies = new Bodies()): Frame {
  const container = bodies.complete(unpack(buffer));
  const { meta } = container;
  if (meta["kind"] !== "frame") throw new ColumnsError(`kind ${String(meta["kind"])} is not frame`);
  const t_us = Number(meta["t_us"]);
  if (!Number.isFinite(t_us)) throw new ColumnsError("frame without t_us");
  const tracks = table(container, "tracks");
  const signals = table(container, "signals");
  const told = table(container, "advice");
  const advice = told.columns.has("episode") && told.columns.has("application") ? told : { n: 0, columns: new Map() };
  return {
    seq: Number(meta["seq"]) || 0,
    t_us,
    zone: String(meta["zone"] ?? ""),
    clock: meta["clock"] === "replay" ? "replay" : "live",
    simulated: meta["simulated"] === true,
    map: meta["map"] !== false,
    label: bilingual(meta["label"]),
    tracks: {
      n: tracks.n,
      id: need(tracks, "id"),
      kind: want(tracks, "kind", 0),
      class: want(tracks, "class", 0),
      seen_by: want(tracks, "seen_by", 0),
      sources: want(tracks, "sources", 0),
      x_m: need(tracks, "x_m"),
      y_m: need(tracks, "y_m"),
      heading_deg: want(tracks, "heading_deg", NaN),
      speed_mps: want(tracks, "speed_mps", NaN),
      length_m: want(tracks, "length_m", NaN),
      width_m: want(tracks, "width_m", NaN),
      height_m: want(tracks, "height_m", NaN),
      position_sd_m: want(tracks, "position_sd_m", NaN),
      age_ms: want(tracks, "age_ms", 0),
    },
    signals: {
      n: signals.n,
      node: need(signals, "node"),
      phase: need(signals, "phase"),
      light: need(signals, "light"),
      remaining_ds: want(signals, "remaining_ds", REMAINING_UNKNOWN),
    },
    advice: {
      n: advice.n,
      episode: need(advice, "episode"),
      application: need(advice, "application"),
      receiver: want(advice, "receiver", 0),
      about: want(advice, "about", 0),
      urgency: want(advice, "urgency", 1),
      x_m: want(advice, "x_m", NaN),
      y_m: want(advice, "y_m", NaN),
      after_s: want(advice, "after_s", NaN),
      value: want(advice, "value", NaN),
    },
  };
}
