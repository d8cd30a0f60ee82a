/** What the centre says of tests and demonstrations on its roads. */

import { WORDS } from "../../i18n/supervision.ts";
import type { Bilingual } from "../../wire/frame.ts";

export interface Breach {
  readonly rule: string;
  readonly subject: string;
  readonly field: string;
  readonly reason: Bilingual;
}

export interface TestVehicle {
  readonly vehicle: string;
  readonly mode: string | null;
  readonly lon: number | null;
  readonly lat: number | null;
  readonly speed_mps: number | null;
  readonly t_us: number;
  readonly age_s: number;
  readonly items: readonly number[];
  readonly declaration: string | null;
  readonly on_section: boolean;
  readonly complete_share: number;
  readonly longest_gap_s: number;
  readonly breaches: readonly Breach[];
}

export interface Driven {
  readonly rule: string;
  readonly subject: string;
  readonly field: string;
  readonly zh: string;
  readonly en: string;
  readonly opened_us: number;
  readonly last_us: number;
}

export interface Breaches {
  readonly papers: readonly Breach[];
  readonly driving: readonly Driven[];
}

export interface Declaration {
  readonly id: string;
  readonly stage: "test" | "demonstration";
  readonly subject: string;
  readonly vin: string;
  readonly driver: string;
  readonly city: string;
  readonly begins: string;
  readonly ends: string;
  readonly roads: readonly string[];
  readonly items: readonly string[];
  readonly plate_until: string | null;
}

export interface Papers<Paper> {
  readonly papers: readonly Paper[];
  /** what the zone's roads are called, by their ids */
  readonly roads: Readonly<Record<string, Bilingual>>;
}

export interface Event {
  readonly id: string;
  readonly kind: string;
  /** what its kind is called */
  readonly name: Bilingual;
  readonly severity: string;
  readonly t_us: number;
  readonly vehicle: string;
  readonly zh: string;
  readonly en: string;
  readonly tracks: readonly number[];
  readonly x_m: number | null;
  readonly y_m: number | null;
  readonly pack: string | null;
  readonly why?: string;
}

type Say = (word: keyof typeof WORDS) => string;

/** The word of a key that the words may know, else the key itself. */
export function wordOf(t: Say, room: string, key: string): string {
  const whole = `${room}.${key}` as keyof typeof WORDS;
  return whole in WORDS ? t(whole) : key;
}
