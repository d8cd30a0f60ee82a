/** Countdowns at the stop lines on close zoom: the seconds until the light is expected to change. */

import { TURN } from "./arrows.ts";
import type { Countdown, SignalState } from "./lights.ts";
import { COUNTDOWNS } from "./detail.ts";
import type { View } from "./view.ts";

/** T/CSAE 53 LightState as the hue of its text. */
const HUES = ["none", "none", "red", "red", "green", "green", "green", "yellow", "yellow"] as const;

/** The chief movement that a light rules (bits of `TURN`). */
function sign(turn: number): string {
  if (turn & TURN.straight) return "↑";
  if (turn & (TURN.left | TURN.back)) return "←";
  return turn & TURN.right ? "→" : "";
}

export class Countdowns {
  readonly element = document.createElement("div");
  private places: readonly Countdown[] = [];
  private readonly shown = new Map<Countdown, HTMLElement>();
  private states: ReadonlyMap<number, SignalState> = new Map();

  constructor() {
    this.element.className = "countdowns";
    this.element.setAttribute("aria-hidden", "true");
  }

  setPlaces(places: readonly Countdown[]): void {
    this.places = places;
    this.element.replaceChildren();
    this.shown.clear();
  }

  setStates(states: ReadonlyMap<number, SignalState>): void {
    this.states = states;
    for (const [place, element] of this.shown) this.write(place, element);
  }

  update(view: View): void {
    const near = view.scale / view.magnify < COUNTDOWNS;
    for (const place of this.places) {
      const [px, py] = view.toScreen(place.x_m, place.y_m);
      const inside = near && px > -20 && py > -20 && px < view.width + 20 && py < view.height + 20;
      let element = this.shown.get(place);
      if (!inside) {
        element?.remove();
        this.shown.delete(place);
        continue;
      }
      if (element === undefined) {
        element = document.createElement("span");
        element.className = place.walk ? "countdown countdown-walk" : "countdown";
        this.element.append(element);
        this.shown.set(place, element);
        this.write(place, element);
      }
      element.style.transform = `translate(${px.toFixed(1)}px, ${py.toFixed(1)}px)`;
    }
  }

  private write(place: Countdown, element: HTMLElement): void {
    const state = this.states.get(place.key);
    const known = state !== undefined && state.light > 1 && Number.isFinite(state.remaining_s);
    element.hidden = !known;
    if (!known) return;
    const text = `${sign(place.turn)}${Math.ceil(state.remaining_s)}`;
    if (element.textContent !== text) element.textContent = text;
    element.dataset["hue"] = HUES[Math.min(8, state.light)];
  }
}
