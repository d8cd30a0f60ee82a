/** Words of what was measured of an application. */

export const MEASURED = {
  title: { zh: "仿真评测", en: "Measured" },
  why: {
    zh: "在仿真道路上与真实未来比对；晴天、全部车辆联网",
    en: "held against the true future of simulated streets; clear weather, all vehicles connected",
  },
  none: { zh: "尚无评测数据", en: "Nothing was measured" },
  precision: { zh: "准确率", en: "Precision" },
  recall: { zh: "召回率", en: "Recall" },
  lead_p10: { zh: "提前量 P10", en: "Lead time p10" },
  lead_p50: { zh: "提前量 P50", en: "Lead time p50" },
  latency: { zh: "事件到建议 P99", en: "Event to advice p99" },
  false: { zh: "每千公里误报", en: "False per 1,000 km" },
  positive: { zh: "应提示", en: "Due" },
  negative: { zh: "不应提示", en: "Not due" },
  judged: { zh: "判定的建议", en: "Advice judged" },
  conditions: { zh: "天气 · 联网率", en: "Weather · connected" },
  "weather.clear": { zh: "晴", en: "Clear" },
  "weather.fog": { zh: "雾", en: "Fog" },
  "weather.rain": { zh: "雨", en: "Rain" },
} as const;

export type MeasuredWord = keyof typeof MEASURED;
