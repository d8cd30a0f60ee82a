/** The centre's status, once a second: parts, rates, latency, devices and what is wrong. */

import { bilingual, type Bilingual } from "./frame.ts";

export type PartName = "broker" | "cloud" | "centre" | "street" | (string & {});
export type PartState = "up" | "starting" | "down" | "unknown";
export type DeviceState = "online" | "late" | "silent" | "unknown";
export type Severity = "info" | "warning" | "fault";
export type MessageKind = "bsm" | "rsm" | "spat" | "map" | "rsi";
export const MESSAGE_KINDS: readonly MessageKind[] = ["bsm", "rsm", "spat", "map", "rsi"];
export type ParticipantKind = "motor" | "non_motor" | "pedestrian" | "unknown";
export const PARTICIPANT_KINDS: readonly ParticipantKind[] = ["motor", "non_motor", "pedestrian", "unknown"];

export interface Part {
  readonly name: PartName;
  readonly state: PartState;
  readonly restarts: number;
  readonly since_us: number;
}

export interface Device {
  readonly id: string;
  readonly kind: string;
  readonly zh: string;
  readonly en: string;
  readonly x_m: number;
  readonly y_m: number;
  readonly state: DeviceState;
  readonly rates: Readonly<Record<string, number>>;
  readonly age_ms: number;
  readonly clock_offset_ms: number;
  readonly lost: number;
}

export interface Episode {
  readonly id: string;
  readonly rule: string;
  /** what its rule is called */
  readonly name: Bilingual;
  readonly severity: Severity;
  readonly source: string;
  readonly field: string;
  readonly reason: Bilingual;
  readonly opened_us: number;
  readonly last_us: number;
  readonly count: number;
  readonly open: boolean;
}

/** What one cooperative application has to show since the cloud was started. */
export interface Work {
  readonly id: string;
  readonly open: number;
  readonly opened: number;
  readonly cost_ms: number;
}

/** The hops of a message between its receipt and the picture that holds it. */
export const HOPS = ["decode", "fuse", "receive_to_picture"] as const;
export type Hop = (typeof HOPS)[number];

/** Numbers are NaN where the centre does not know them. */
export interface Status {
  readonly t_us: number;
  readonly zone: string;
  readonly simulated: boolean;
  readonly uptime_s: number;
  readonly parts: readonly Part[];
  readonly rates: Readonly<Record<MessageKind, number>>;
  readonly received: Readonly<Record<MessageKind, number>>;
  readonly refused: number;
  readonly lost: number;
  readonly late: number;
  readonly frames: number;
  readonly participants: number;
  readonly by_kind: Readonly<Record<ParticipantKind, number>>;
  readonly latency_ms: { readonly p50: number; readonly p99: number };
  /** 99th percentiles of the last seconds [ms], by hop */
  readonly hops_ms: Readonly<Record<Hop, number>>;
  readonly viewers: number;
  readonly devices: readonly Device[];
  readonly episodes: readonly Episode[];
  readonly applications: readonly Work[];
  /** whether the cloud was heard lately */
  readonly fresh: boolean;
}

type Json = Record<string, unknown>;

const object = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object) : []);
const number = (value: unknown): number => (typeof value === "number" ? value : NaN);
const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");

function oneOf<T extends string>(value: unknown, allowed: readonly T[], otherwise: T): T {
  return allowed.find((word) => word === value) ?? otherwise;
}

function byName<K extends string>(value: unknown, names: readonly K[]): Record<K, number> {
  const from = object(value);
  return Object.fromEntries(names.map((name) => [name, number(from[name])])) as Record<K, number>;
}

function device(value: Json): Device {
  const id = text(value["id"]);
  const name = bilingual(value);
  const rates = Object.entries(object(value["rates"])).filter((e): e is [string, number] => typeof e[1] === "number");
  return {
    id,
    kind: text(value["kind"]),
    zh: name?.zh ?? id,
    en: name?.en ?? id,
    x_m: number(value["x_m"]),
    y_m: number(value["y_m"]),
    state: oneOf(value["state"], ["online", "late", "silent"], "unknown"),
    rates: Object.fromEntries(rates),
    age_ms: number(value["age_ms"]),
    clock_offset_ms: number(value["clock_offset_ms"]),
    lost: number(value["lost"]),
  };
}

function episode(value: Json): Episode {
  return {
    id: text(value["id"]),
    rule: text(value["rule"]),
    name: { zh: text(object(value["name"])["zh"]) || text(value["rule"]), en: text(object(value["name"])["en"]) || text(value["rule"]) },
    severity: oneOf(value["severity"], ["info", "fault"], "warning"),
    source: text(value["source"]),
    field: text(value["field"]),
    reason: { zh: text(value["reason_zh"]) || text(value["reason"]), en: text(value["reason"]) },
    opened_us: number(value["opened_us"]),
    last_us: number(value["last_us"]),
    count: number(value["count"]),
    open: value["open"] === true,
  };
}

/** Read a status message; throws when the text is not one. Absent or odd fields become unknown, never an error. */
export function readStatus(message: string): Status {
  const value: unknown = JSON.parse(message);
  const from = object(value);
  if (from["type"] !== "status") throw new Error(`type ${text(from["type"])} is not status`);
  const latency = object(from["latency_ms"]);
  return {
    t_us: number(from["t_us"]),
    zone: text(from["zone"]),
    simulated: from["simulated"] === true,
    uptime_s: number(from["uptime_s"]),
    parts: list(from["parts"]).map((part) => ({
      name: text(part["name"]),
      state: oneOf(part["state"], ["up", "starting", "down"], "unknown"),
      restarts: number(part["restarts"]) || 0,
      since_us: number(part["since_us"]),
    })),
    rates: byName(from["rates"], MESSAGE_KINDS),
    received: byName(from["received"], MESSAGE_KINDS),
    refused: number(from["refused"]),
    lost: number(from["lost"]),
    late: number(from["late"]),
    frames: number(from["frames"]),
    participants: number(from["participants"]),
    by_kind: byName(from["by_kind"], PARTICIPANT_KINDS),
    hops_ms: Object.fromEntries(HOPS.map((hop) => [hop, number(object(object(from["hops_ms"])[hop])["p99"])])) as Record<Hop, number>,
    latency_ms: { p50: number(latency["p50"]), p99: number(latency["p99"]) },
    viewers: number(from["viewers"]),
    devices: list(from["devices"]).map(device),
    episodes: list(from["episodes"]).map(episode),
    applications: list(from["applications"]).map((work) => ({
      id: text(work["id"]),
      open: number(work["open"]),
      opened: number(work["opened"]),
      cost_ms: number(work["cost_ms"]),
    })),
    fresh: from["cloud_fresh"] !== false,
  };
}

/** Whether no device has been heard yet: an empty map then says nothing about the street. */
export const unheard = (status: Status): boolean =>
  status.participants === 0 && Object.values(status.received).every((count) => !(count > 0));
