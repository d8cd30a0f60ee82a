/** The catalogue of cooperative applications and the episodes of their advice, as the centre tells them. */

import { bilingual, type Bilingual } from "./frame.ts";

export type Receivers = "vehicle" | "person" | "unit";
export type Status = "issued" | "draft" | "local";

/** A number of an application, with its origin. */
export interface Parameter {
  readonly key: string;
  readonly name: Bilingual;
  readonly value: number;
  readonly unit: string;
  readonly document: string;
  readonly clause: string;
  readonly status: Status;
}

export interface Application {
  readonly id: string;
  /** its number in frames */
  readonly row: number;
  readonly name: Bilingual;
  /** 1: T/CSAE 53, 2: T/CSAE 157 */
  readonly day: number;
  readonly receivers: Receivers;
  readonly messages: readonly string[];
  /** the sentence for people, with places for its numbers */
  readonly says: Bilingual;
  readonly unit: string;
  readonly reads: readonly string[];
  readonly parameters: readonly Parameter[];
  /** what was measured of it on the simulated street; null where nothing was */
  readonly measured: Measured | null;
}

export interface Measured {
  /** what measured the figures, and the table of conditions */
  readonly command: string;
  readonly conditions_command: string;
  /** by name: precision, recall, lead_p50_s, ...; what has no value is missing */
  readonly figures: ReadonlyMap<string, number>;
  /** by conditions, as clear_30: weather and percent of vehicles connected */
  readonly by_conditions: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

export interface AdviceEpisode {
  readonly episode: number;
  readonly receiver: number;
  readonly about: number;
  readonly urgency: number;
  readonly x_m: number;
  readonly y_m: number;
  readonly after_s: number;
  readonly value: number;
  readonly opened_us: number;
  /** NaN while it is open */
  readonly closed_us: number;
}

type Json = Record<string, unknown>;

const object = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object) : []);
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const number = (value: unknown): number => (typeof value === "number" ? value : NaN);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

function parameter(value: Json): Parameter {
  const key = text(value["key"]);
  const status = value["status"];
  return {
    key,
    name: bilingual(value["name"]) ?? { zh: key, en: key },
    value: number(value["value"]),
    unit: text(value["unit"]),
    document: text(value["document"]),
    clause: text(value["clause"]),
    status: status === "issued" || status === "draft" ? status : "local",
  };
}

function figures(value: unknown): ReadonlyMap<string, number> {
  return new Map(Object.entries(object(value ?? {})).filter((pair): pair is [string, number] => typeof pair[1] === "number"));
}

function measured(value: unknown): Measured | null {
  if (value === null || value === undefined) return null;
  const from = object(value);
  const by = Object.entries(object(from["by_conditions"] ?? {}));
  return {
    command: text(from["command"]),
    conditions_command: text(from["conditions_command"]),
    figures: figures(from["figures"]),
    by_conditions: new Map(by.map(([name, its]) => [name, figures(its)])),
  };
}

/** Read the answer of `/api/v1/applications`, in the order of the rows; throws when it is another. */
export function readCatalogue(value: unknown): readonly Application[] {
  const from = object(value);
  if (!Array.isArray(from["applications"])) throw new Error("no list of applications");
  return list(from["applications"]).map((one, i) => {
    const id = text(one["id"]);
    const receivers = one["receivers"];
    return {
      id,
      row: typeof one["row"] === "number" ? one["row"] : i,
      name: bilingual(one["name"]) ?? { zh: id, en: id },
      day: number(one["day"]),
      receivers: receivers === "person" || receivers === "unit" ? receivers : "vehicle",
      messages: texts(one["messages"]),
      says: bilingual(one["says"]) ?? { zh: "", en: "" },
      unit: text(one["unit"]),
      reads: texts(one["reads"]),
      parameters: list(one["parameters"]).map(parameter),
      measured: measured(one["measured"]),
    };
  });
}

/** Read the answer of `/api/v1/applications/{id}/episodes`, the newest first. */
export function readEpisodes(value: unknown): readonly AdviceEpisode[] {
  return list(object(value)["episodes"]).map((one) => ({
    episode: number(one["episode"]),
    receiver: number(one["receiver"]) || 0,
    about: number(one["about"]) || 0,
    urgency: number(one["urgency"]) || 1,
    x_m: number(one["x_m"]),
    y_m: number(one["y_m"]),
    after_s: number(one["after_s"]),
    value: number(one["value"]),
    opened_us: number(one["opened_us"]),
    closed_us: number(one["closed_us"]),
  }));
}
