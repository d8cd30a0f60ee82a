/** Numbers, times and lengths as people read them; the locale is always explicit. */

import type { Language } from "./language.ts";

const LOCALE: Readonly<Record<Language, string>> = { zh: "zh-CN", en: "en-GB" };
export const UNKNOWN = "–";

const formats = new Map<string, Intl.NumberFormat>();

function numberFormat(lang: Language, digits: number): Intl.NumberFormat {
  const key = `${lang} ${digits}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(LOCALE[lang], { minimumFractionDigits: digits, maximumFractionDigits: digits });
    formats.set(key, format);
  }
  return format;
}

export function number(lang: Language, value: number, digits = 0): string {
  return Number.isFinite(value) ? numberFormat(lang, digits).format(value) : UNKNOWN;
}

/** A rate: one digit below ten, so that slow messages do not look like none. */
export function rate(lang: Language, value: number): string {
  return number(lang, value, Math.abs(value) < 9.95 ? 1 : 0);
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockFormat(lang: Language, part: "time" | "date"): Intl.DateTimeFormat {
  const key = `${lang} ${part}`;
  let format = clocks.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(
      LOCALE[lang],
      part === "time"
        ? { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }
        : { year: "numeric", month: lang === "zh" ? "2-digit" : "short", day: "2-digit", weekday: "short" },
    );
    clocks.set(key, format);
  }
  return format;
}

const representable = (t_ms: number): boolean => Math.abs(t_ms) < 8.64e15;

export function timeOfDay(lang: Language, t_ms: number): string {
  return representable(t_ms) ? clockFormat(lang, "time").format(t_ms) : UNKNOWN;
}

export function date(lang: Language, t_ms: number): string {
  return representable(t_ms) ? clockFormat(lang, "date").format(t_ms) : UNKNOWN;
}

const DAY_MS = 86_400_000;
const BEIJING_MS = 28_800_000;
/** Whether an instant is the end of a day in China: a duty that is due by a day is due by its last instant. */
const endsDay = (t_ms: number): boolean => (t_ms + BEIJING_MS) % DAY_MS === 0;

/** The day by which something is due. */
export function dueDate(lang: Language, instant: string): string {
  const t_ms = Date.parse(instant);
  return date(lang, endsDay(t_ms) ? t_ms - 1 : t_ms);
}

/** The time of that day by which it is due; the end of a day is 24:00. */
export function dueTime(lang: Language, instant: string): string {
  const t_ms = Date.parse(instant);
  return endsDay(t_ms) ? (lang === "zh" ? "当日 24:00" : "by the end of the day") : timeOfDay(lang, t_ms);
}

/** A duration in its largest fitting unit. */
export function duration(lang: Language, ms: number): string {
  if (!Number.isFinite(ms)) return UNKNOWN;
  const unit = (value: number, zh: string, en: string, digits = 0): string =>
    `${number(lang, value, digits)} ${lang === "zh" ? zh : en}`;
  if (ms < 1000) return unit(ms, "毫秒", "ms");
  const s = ms / 1000;
  if (s < 90) return unit(s, "秒", "s", s < 10 ? 1 : 0);
  if (s < 5400) return unit(s / 60, "分钟", "min");
  if (s < 172_800) return unit(s / 3600, "小时", "h", 1);
  return unit(s / 86_400, "天", "d");
}

const WINDS: Readonly<Record<Language, readonly string[]>> = {
  zh: ["北", "东北", "东", "东南", "南", "西南", "西", "西北"],
  en: ["N", "NE", "E", "SE", "S", "SW", "W", "NW"],
};

export function wind(lang: Language, heading_deg: number): string {
  if (!Number.isFinite(heading_deg)) return "";
  return WINDS[lang][((Math.round(heading_deg / 45) % 8) + 8) % 8]!;
}
