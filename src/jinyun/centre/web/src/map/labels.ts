/**
 * Labels and marks over the map as DOM elements: sharp, styled by CSS, found by tests and readers alike.
 *
 * Places are drawn in order of importance; a label that would touch one already placed is left out. Marks of devices
 * (RSU, stop, charger) stay, only their text gives way.
 */

import type { Language } from "../i18n/language.ts";
import type { DeviceState } from "../wire/status.ts";
import type { Bilingual } from "../wire/frame.ts";
import type { Sheet } from "../wire/sheet.ts";
import type { View } from "./view.ts";

type LabelKind = "district" | "nature" | "road" | "junction" | "stop" | "rsu" | "charger" | "crossing";

interface Rule {
  /** the text is shown when nearer than this [m per drawn pixel] */
  readonly text: number;
  /** the mark is shown when nearer than this */
  readonly mark: number;
  /** the text is hidden when nearer than this */
  readonly until: number;
}

const RULES: Readonly<Record<LabelKind, Rule>> = {
  district: { text: 30, mark: 0, until: 0.9 },
  nature: { text: 30, mark: 0, until: 0.35 },
  road: { text: 7, mark: 0, until: 0 },
  junction: { text: 2.2, mark: 0, until: 0 },
  stop: { text: 0.7, mark: 4, until: 0 },
  rsu: { text: 0.32, mark: 12, until: 0 },
  charger: { text: 1.2, mark: 5, until: 0 },
  crossing: { text: 0.25, mark: 0.9, until: 0 },
};

const ORDER: Readonly<Record<LabelKind, number>> = {
  district: 0, nature: 1, road: 2, charger: 3, stop: 4, junction: 5, rsu: 6, crossing: 7,
};
/** Roads of this rank and above are named from afar. */
const MAIN_ROAD = 1;

interface Label {
  /** the sheet it came with */
  readonly of: string;
  readonly kind: LabelKind;
  readonly id: string;
  readonly name: Bilingual;
  readonly x_m: number;
  readonly y_m: number;
  readonly turn_deg: number;
  readonly rank: number;
  readonly element: HTMLElement;
  readonly text: HTMLElement;
  width: number;
  height: number;
}

interface Placed {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const GAP_PX = 5;
/** Farther than this, marks shrink to dots [m per drawn pixel]. */
const FAR = 3;

/** Text along a road never stands on its head. */
function upright(heading_rad: number): number {
  const turn = (((heading_rad * 180) / Math.PI - 90) % 180 + 180) % 180;
  return turn > 90 ? turn - 180 : turn;
}

function labelElement(kind: LabelKind): HTMLElement {
  const element = document.createElement(kind === "rsu" ? "button" : "div");
  element.className = `label label-${kind}`;
  if (RULES[kind].mark > 0) {
    const mark = document.createElement("i");
    mark.className = "mark";
    element.append(mark);
  }
  const text = document.createElement("span");
  text.className = "label-text";
  element.append(text);
  element.hidden = true;
  return element;
}

export class Labels {
  readonly element = document.createElement("div");
  private labels: Label[] = [];
  private lang: Language = "zh";
  private measured = false;
  private states: ReadonlyMap<string, DeviceState> = new Map();

  constructor(private readonly pickDevice: (id: string) => void) {
    this.element.className = "labels";
  }

  /** Bring the names of a sheet; `of` names it, for {@link remove}. */
  add(of: string, { names, junctions }: Sheet): void {
    const add = (
      kind: LabelKind, id: string, name: Bilingual, x_m: number, y_m: number, turn_deg = 0, rank = 9,
    ): HTMLElement => {
      const element = labelElement(kind);
      const text = element.querySelector<HTMLElement>(".label-text")!;
      if (kind === "rsu") {
        element.dataset["testid"] = `map-rsu-${id}`;
        element.dataset["state"] = this.states.get(id) ?? "unknown";
        (element as HTMLButtonElement).tabIndex = -1;
        element.addEventListener("click", () => this.pickDevice(id));
      }
      const label = { of, kind, id, name, x_m, y_m, turn_deg, rank, element, text, width: 0, height: 0 };
      this.write(label);
      this.element.append(element);
      this.labels.push(label);
      return element;
    };
    for (const d of names.districts) add("district", d.id, d, d.x_m, d.y_m);
    for (const n of names.nature) add("nature", n.id, n, n.x_m, n.y_m);
    for (const r of names.roads) add("road", r.en, r, r.x_m, r.y_m, upright(r.heading_rad), r.rank);
    for (const c of names.chargers) add("charger", c.id, c, c.x_m, c.y_m);
    for (const s of names.stops) add("stop", s.id, s, s.x_m, s.y_m).classList.toggle("smart", s.smart);
    names.junctions.forEach((name, i) => {
      if (name === null || i >= junctions.n || name.zh === "") return;
      add("junction", String(junctions.node[i]), name, junctions.x_m[i]!, junctions.y_m[i]!);
    });
    for (const r of names.rsus) add("rsu", r.id, r, r.x_m, r.y_m);
    for (const c of names.crossings) add("crossing", c.id, c, c.x_m, c.y_m);
    // Equals keep an order that does not depend on which tile came first.
    this.labels.sort((a, b) => ORDER[a.kind] - ORDER[b.kind] || a.rank - b.rank || a.x_m - b.x_m || a.y_m - b.y_m);
    this.measured = false;
  }

  /** Take away the names that came with a sheet, or all. */
  remove(of?: string): void {
    this.labels = this.labels.filter((label) => {
      if (of !== undefined && label.of !== of) return true;
      label.element.remove();
      return false;
    });
  }

  setLanguage(lang: Language): void {
    this.lang = lang;
    for (const label of this.labels) this.write(label);
    this.measured = false;
  }

  private write(label: Label): void {
    // An RSU bears its junction's name, which the map shows already; its own sign is its id.
    label.text.textContent = label.kind === "rsu" ? label.id : label.name[this.lang];
    if (label.kind === "rsu") label.element.setAttribute("aria-label", `${label.name[this.lang]} ${label.id}`);
    label.width = 0;
  }

  /** Sizes have changed (fonts came, the window grew). */
  remeasure(): void {
    for (const label of this.labels) label.width = 0;
    this.measured = false;
  }

  setDeviceStates(states: ReadonlyMap<string, DeviceState>): void {
    this.states = states;
    for (const label of this.labels) {
      if (label.kind === "rsu") label.element.dataset["state"] = states.get(label.id) ?? "unknown";
    }
  }

  /** Place all labels for this view. */
  update(view: View): void {
    if (!this.measured) this.measure();
    const scale = view.scale / view.magnify;
    const placed: Placed[] = [];
    const margin = 60;
    this.element.classList.toggle("far", scale > FAR);
    for (const label of this.labels) {
      const rule = RULES[label.kind];
      const reach = label.kind === "road" && label.rank > MAIN_ROAD ? rule.text / 3 : rule.text;
      const textual = scale < reach && scale >= rule.until;
      const marked = scale < rule.mark;
      const [px, py] = view.toScreen(label.x_m, label.y_m);
      if (
        (!textual && !marked) ||
        px < -margin || py < -margin || px > view.width + margin || py > view.height + margin
      ) {
        label.element.hidden = true;
        continue;
      }
      const free = textual && this.place(label, px, py, marked, placed);
      label.element.hidden = !marked && !free;
      if (label.element.hidden) continue;
      label.text.hidden = !free;
      const turn = label.turn_deg === 0 ? "" : ` rotate(${label.turn_deg.toFixed(1)}deg)`;
      label.element.style.transform = `translate(${px.toFixed(1)}px, ${py.toFixed(1)}px)${turn}`;
    }
  }

  private place(label: Label, px: number, py: number, marked: boolean, placed: Placed[]): boolean {
    const turn = (label.turn_deg * Math.PI) / 180;
    const sin = Math.abs(Math.sin(turn));
    const cos = Math.abs(Math.cos(turn));
    const wide = label.width * cos + label.height * sin;
    const high = label.width * sin + label.height * cos;
    // A mark's text stands to its right, any other text is centred.
    const left = marked ? px + label.height * 0.6 : px - wide / 2;
    const box = { left: left - GAP_PX, top: py - high / 2 - GAP_PX, right: left + wide + GAP_PX, bottom: py + high / 2 + GAP_PX };
    const meets = placed.some(
      (other) => other.left < box.right && other.right > box.left && other.top < box.bottom && other.bottom > box.top,
    );
    if (!meets) placed.push(box);
    return !meets;
  }

  private measure(): void {
    const fresh = this.labels.filter(({ width }) => width === 0);
    for (const { element, text } of fresh) {
      element.hidden = false;
      text.hidden = false;
    }
    for (const label of fresh) {
      label.width = label.text.offsetWidth;
      label.height = label.text.offsetHeight;
    }
    this.measured = true;
  }
}
