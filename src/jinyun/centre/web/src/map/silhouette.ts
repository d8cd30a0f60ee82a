/** Silhouettes: what a participant looks like from above, told from its kind and its class words of T/CSAE 53. */

export const SILHOUETTE = {
  unknown: 0,
  car: 1,
  van: 2,
  truck: 3,
  bus: 4,
  shuttle: 5,
  emergency: 6,
  motorcycle: 7,
  bicycle: 8,
  pedestrian: 9,
} as const;

export type Silhouette = (typeof SILHOUETTE)[keyof typeof SILHOUETTE];

/** Half length and half width that a silhouette has at least on the screen [CSS pixels], by silhouette. */
export const LEAST_PX: readonly (readonly [number, number])[] = [
  [2.9, 2.9],
  [4.4, 2.7],
  [4.8, 2.8],
  [6.0, 2.9],
  [6.6, 2.9],
  [5.4, 3.0],
  [4.8, 2.8],
  [3.8, 1.9],
  [3.6, 1.8],
  [2.1, 2.1],
];

/** Row of the palette: the kinds of `Palette.kinds`, then the zone's own shuttles. */
export const SHUTTLE_COLOUR = 4;

/** The silhouette of a participant: `kind` 0 unknown, 1 motor, 2 non-motor, 3 pedestrian; `code` its class. */
export function silhouette(kind: number, code: number): Silhouette {
  if (kind === 3) return SILHOUETTE.pedestrian;
  if (kind === 2) return code >= 40 && code <= 48 ? SILHOUETTE.motorcycle : SILHOUETTE.bicycle;
  if (kind !== 1) return SILHOUETTE.unknown;
  if (code === 20 || code === 21) return SILHOUETTE.van;
  if (code >= 25 && code <= 35) return SILHOUETTE.truck;
  if (code >= 40 && code <= 48) return SILHOUETTE.motorcycle;
  if (code === 57) return SILHOUETTE.shuttle;
  if (code >= 50 && code <= 56) return SILHOUETTE.bus;
  if (code === 58 || (code >= 60 && code <= 69)) return SILHOUETTE.emergency;
  return SILHOUETTE.car;
}

/** Row of the palette for a participant. */
export function colourOf(kind: number, shape: Silhouette): number {
  if (shape === SILHOUETTE.shuttle) return SHUTTLE_COLOUR;
  return kind >= 0 && kind <= 3 ? kind : 0;
}
