/** Words of the page of notices. */

import type { Language } from "./language.ts";

/** A title in the page's language, where it is told in both: `中文 · English: who`. */
export function titleOf(lang: Language, title: string): string {
  const both = /^(.+?) · (.+?): (.*)$/s.exec(title);
  if (both === null) return title;
  return lang === "zh" ? `${both[1]}：${both[3]}` : `${both[2]}: ${both[3]}`;
}

/** A text in the page's language, where it is told in both: `中文 / English`. */
export function textOf(lang: Language, text: string): string {
  const parts = text.split(" / ");
  return parts.length === 2 ? parts[lang === "zh" ? 0 : 1]! : text;
}

export const WORDS = {
  "title": { zh: "通知", en: "Notices" },
  "lead": { zh: "需要有人处理的事项：同一原因只发一条，直到结束；无人确认则升级。", en: "What somebody must see to: one notice a cause until it ends; it rises where nobody answers." },
  "waiting": { zh: "{n} 条等待确认", en: "{n} wait for an answer" },
  "state": { zh: "状态", en: "State" },
  "state.open": { zh: "待确认", en: "open" },
  "state.acknowledged": { zh: "已确认", en: "acknowledged" },
  "state.ended": { zh: "已结束", en: "ended" },
  "what": { zh: "事项", en: "What" },
  "severity": { zh: "级别", en: "Severity" },
  "since": { zh: "开始", en: "Since" },
  "times": { zh: "次数", en: "Times" },
  "sent": { zh: "发送", en: "Sent" },
  "sent.none": { zh: "仅在此显示", en: "shown here only" },
  "answer": { zh: "确认", en: "Acknowledge" },
  "by": { zh: "{who} 已确认", en: "by {who}" },
  "rose": { zh: "已升级", en: "escalated" },
  "none": { zh: "没有通知，一切正常", en: "No notice: all is well" },
} as const;
