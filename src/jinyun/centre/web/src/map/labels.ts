/**
 * Labels and marks over the map as DOM elements: sharp, styled by CSS, found by tests and readers alike.
 *
 * Places are drawn in order of importance; a label that would touch one already placed is left out. Marks of devices
 * (RSU, stop, charger) stay, only their text gives way.
 */

import type { Language } from "../i18n/language.ts";
import type { DeviceState } from "../wire/status.ts";
import type { Bilingual } from "../wire/frame.ts";
import type { ZoneMap } from "../wire/zonemap.ts";
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

const ORDER: readonly LabelKind[] = ["district", "nature", "road", "charger", "stop", "junction", "rsu", "crossing"];
/** Roads of this rank and above are named from afar. */
const MAIN_ROAD = 1;

interface Label {
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

export class Labels {
  readonly element = document.createElement("div");
  private labels: Label[] = [];
  private lang: Language = "zh";
  private measured = false;

  constructor(private readonly pickDevice: (id: string) => void) {
    this.element.className = "labels";
  }

  setMap(map: ZoneMap | null): void {
    this.element.replaceChildren();
    this.labels = [];
    if (map === null) return;
    const { names, junctions } = map;
    const add = (
      kind: LabelKind, id: string, name: Bilingual, x_m: number, y_m: number, turn_deg = 0, rank = 9,
    ): HTMLElement => {
      const marked = RULES[kind].mark > 0;
      const element = document.createElement(kind === "rsu" ? "button" : "div");
      element.className = `label label-${kind}`;
      const text = document.createElement("span");
      text.className = "label-text";
      if (marked) {
        const mark = document.createElement("i");
        mark.className = "mark";
        element.append(mark);
      }
      element.append(text);
      element.hidden = true;
      if (kind === "rsu") {
        element.dataset["testid"] = `map-rsu-${id}`;
        element.dataset["state"] = "unknown";
        (element as HTMLButtonElement).tabIndex = -1;
        element.addEventListener("click", () => this.pickDevice(id));
      }
      this.element.append(element);
      this.labels.push({ kind, id, name, x_m, y_m, turn_deg, rank, element, text, width: 0, height: 0 });
      return element;
    };
    for (const d of names.districts) add("district", d.id, d, d.x_m, d.y_m);
    for (const n of names.nature) add("nature", n.id, n, n.x_m, n.y_m);
    for (const r of [...names.roads].sort((a, b) => a.rank - b.rank)) {
      add("road", r.en, r, r.x_m, r.y_m, upright(r.heading_rad), r.rank);
    }
    for (const c of names.chargers) add("charger", c.id, c, c.x_m, c.y_m);
    for (const s of names.stops) add("stop", s.id, s, s.x_m, s.y_m).classList.toggle("smart", s.smart);
    names.junctions.forEach((name, i) => {
      if (name === null || i >= junctions.n || name.zh === "") return;
      add("junction", String(junctions.node[i]), name, junctions.x_m[i]!, junctions.y_m[i]!);
    });
    for (const r of names.rsus) add("rsu", r.id, r, r.x_m, r.y_m);
    for (const c of names.crossings) add("crossing", c.id, c, c.x_m, c.y_m);
    this.labels.sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
    this.setLanguage(this.lang);
  }

  setLanguage(lang: Language): void {
    this.lang = lang;
    for (const label of this.labels) {
      // An RSU bears its junction's name, which the map shows already; its own sign is its id.
      label.text.textContent = label.kind === "rsu" ? label.id : label.name[lang];
      if (label.kind === "rsu") label.element.setAttribute("aria-label", `${label.name[lang]} ${label.id}`);
      label.width = 0;
    }
    this.measured = false;
  }

  /** Sizes have changed (fonts came, the window grew). */
  remeasure(): void {
    for (const label of this.labels) label.width = 0;
    this.measured = false;
  }

  setDeviceStates(states: ReadonlyMap<string, DeviceState>): void {
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
    for (const { element, text } of this.labels) {
      element.hidden = false;
      text.hidden = false;
    }
    for (const label of this.labels) {
      label.width = label.text.offsetWidth;
      label.height = label.text.offsetHeight;
    }
    this.measured = true;
  }
}
