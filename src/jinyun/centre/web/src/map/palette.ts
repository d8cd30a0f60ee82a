/**
 * The map's colours in both themes.
 *
 * Red, yellow and green belong to signals and states; participants have hues of their own, told apart by lightness as
 * well; the open test roads are jade.
 */

export type Theme = "dark" | "light";

export interface Palette {
  readonly ground: string;
  readonly ridge: string;
  readonly ridgeLine: string;
  readonly water: string;
  readonly waterLine: string;
  readonly park: string;
  readonly block: string;
  readonly blockLine: string;
  readonly casing: string;
  /** the kerb of the open test roads */
  readonly openCasing: string;
  readonly road: string;
  readonly bus: string;
  readonly bicycle: string;
  readonly sidewalk: string;
  readonly tunnel: string;
  readonly open: string;
  /** the open test roads' glow on city zoom */
  readonly openFar: string;
  readonly edge: string;
  readonly divider: string;
  readonly middle: string;
  readonly paint: string;
  /** solid, for its parts lie over each other */
  readonly arrow: string;
  readonly zebra: string;
  /** a signal head's housing */
  readonly housing: string;
  readonly shuttle: string;
  readonly grid: string;
  readonly gridStrong: string;
  /** by kind: unknown, motor, non-motor, pedestrian */
  readonly kinds: readonly [string, string, string, string];
  /** the zone's own automated shuttles */
  readonly shuttleBus: string;
  /** glass and gaps on top of a participant's body */
  readonly glass: string;
  readonly shadow: string;
  /** the ring around those who are seen by themselves and by the road */
  readonly both: string;
  readonly selected: string;
  /** of advice: inform, warn, act now */
  readonly urgency: readonly [string, string, string];
  /** by light state, T/CSAE 53 LightState */
  readonly lights: readonly string[];
}

const dark: Palette = {
  ground: "#0d181c",
  ridge: "#1c3a3617",
  ridgeLine: "#4e867b24",
  water: "#0f2f3f",
  waterLine: "#2a5f77",
  park: "#12302a",
  block: "#142329",
  blockLine: "#1f3239",
  casing: "#060d10",
  openCasing: "#2a7a6a",
  road: "#24363d",
  bus: "#2b3c4a",
  bicycle: "#233a3d",
  sidewalk: "#1a292f",
  tunnel: "#17252b",
  open: "#213f40",
  openFar: "#3aa48f",
  edge: "#dfeae766",
  divider: "#dfeae75c",
  middle: "#d9b36a8c",
  paint: "#e6efecb3",
  arrow: "#a6b5b4",
  zebra: "#e6efec70",
  housing: "#04080a",
  shuttle: "#5cc8ae",
  grid: "#16252b",
  gridStrong: "#1e3138",
  kinds: ["#9aa9ad", "#9fcaff", "#c9a6ff", "#ffc7a1"],
  shuttleBus: "#6fe0c2",
  glass: "#0b161aa6",
  shadow: "#02060880",
  both: "#e9fff8",
  selected: "#ffffff",
  urgency: ["#8fb6d8", "#f2b63f", "#ff6a5e"],
  lights: ["#6d7b80", "#46545a", "#ff5d52", "#ff5d52", "#42d983", "#42d983", "#42d983", "#ffc53d", "#ffc53d"],
};

const light: Palette = {
  ground: "#eef2f0",
  ridge: "#7fa08f1a",
  ridgeLine: "#5f87752e",
  water: "#c5dfe9",
  waterLine: "#94bfd0",
  park: "#d3e7d5",
  block: "#e3e9e7",
  blockLine: "#d5dddb",
  casing: "#b4c0c1",
  openCasing: "#4fb39f",
  road: "#fbfcfc",
  bus: "#e9eef5",
  bicycle: "#edf3ee",
  sidewalk: "#e2e7e6",
  tunnel: "#dde3e3",
  open: "#d2eee5",
  openFar: "#1f9a83",
  edge: "#7a8a8e99",
  divider: "#8a999d99",
  middle: "#c08a1fb3",
  paint: "#67777cd9",
  arrow: "#7f8e92",
  zebra: "#8a999d99",
  housing: "#39484c",
  shuttle: "#0f8f78",
  grid: "#e2e8e6",
  gridStrong: "#d3dcda",
  kinds: ["#7c898d", "#1f6fd1", "#7a3fd0", "#c2531a"],
  shuttleBus: "#00866b",
  glass: "#ffffffb3",
  shadow: "#1a2a2e40",
  both: "#06332b",
  selected: "#0b2320",
  urgency: ["#2d6591", "#9a6200", "#c62a20"],
  lights: ["#9aa6a9", "#b9c2c4", "#e0342a", "#e0342a", "#129a50", "#129a50", "#129a50", "#e0a100", "#e0a100"],
};

export const PALETTES: Readonly<Record<Theme, Palette>> = { dark, light };

export type Rgba = readonly [number, number, number, number];

/** `#rrggbb` or `#rrggbbaa` as four numbers of 0..1. */
export function rgba(hex: string): Rgba {
  const byte = (at: number): number => Number.parseInt(hex.slice(at, at + 2), 16) / 255;
  return [byte(1), byte(3), byte(5), hex.length > 7 ? byte(7) : 1];
}
