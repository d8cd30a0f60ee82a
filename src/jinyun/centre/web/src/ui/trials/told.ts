/** What the centre tells of trials. */

export type Outcome = "pass" | "fail" | "invalid";

export interface Run {
  readonly name: string;
  readonly driver: string;
  readonly version: string;
  readonly profile: string;
  readonly cases: number;
  readonly passed: number;
  readonly failed: number;
  readonly invalid: number;
  readonly items: number;
  readonly items_passed: number;
  readonly t_s: number;
}

export interface Rule {
  readonly rule: string;
  readonly outcome: Outcome;
  readonly value: number | null;
  readonly limit: number | null;
  readonly unit: string;
  readonly at_s: number | null;
  readonly zh: string;
  readonly en: string;
}

export interface Item {
  readonly id: string;
  readonly zh: string;
  readonly en: string;
  readonly document: string;
  readonly clause: string;
  readonly limits: "unverified" | "local" | "issued";
  readonly outcome: Outcome;
  readonly cases: number;
  readonly passed: number;
  readonly why: readonly Rule[];
}

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly invalid: number;
  readonly items: readonly Item[];
  readonly score: readonly { readonly sheet: string; readonly items: number; readonly passed: number }[];
  readonly domain: readonly { readonly element: string; readonly items: number; readonly passed: number }[];
}

export interface Measure {
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
  readonly valid: boolean;
  readonly at_s: number | null;
  readonly about: string;
}

export interface Case {
  readonly case: string;
  readonly values: Readonly<Record<string, number>>;
  readonly outcome: Outcome;
  readonly rules: readonly Rule[];
  readonly measures: readonly Measure[];
  readonly seconds: number;
  readonly competent?: Readonly<Record<string, Outcome>>;
  readonly error?: string;
}

export interface Actor {
  readonly name: string;
  readonly kind: string;
  readonly length_m: number;
  readonly width_m: number;
  readonly ahead_m: number;
}

export interface Played extends Case {
  readonly actors: readonly Actor[];
  readonly lines?: readonly (readonly (readonly [number, number])[])[];
  readonly signals: readonly (readonly [number, string, string])[];
  readonly contacts: readonly (readonly [number, string, string])[];
  readonly rows: {
    readonly t_s: readonly number[];
    readonly actor: readonly number[];
    readonly x_m: readonly number[];
    readonly y_m: readonly number[];
    readonly h_rad: readonly number[];
    readonly v_mps: readonly number[];
  };
}
