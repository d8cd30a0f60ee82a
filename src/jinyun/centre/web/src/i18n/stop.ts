/** The words of a stop's board. */

export const WORDS = {
  "title": { zh: "智慧站台", en: "Smart stops" },
  "simulated": { zh: "模拟数据", en: "Simulated data" },
  "minutes": { zh: "分钟", en: "min" },
  "now": { zh: "进站", en: "due" },
  "standing": { zh: "停靠中", en: "at stop" },
  "toward": { zh: "开往 {name}", en: "to {name}" },
  "loop": { zh: "环线", en: "loop" },
  "none": { zh: "暂无车辆到站预测", en: "No arrival foretold" },
  "waiting": { zh: "候车 {n} 人", en: "{n} waiting" },
  "calm": { zh: "宽松", en: "calm" },
  "busy": { zh: "较多", en: "busy" },
  "full": { zh: "拥挤", en: "crowded" },
  "step.yes": { zh: "无障碍上下车", en: "Step-free boarding" },
  "step.no": { zh: "上车有台阶", en: "Step at boarding" },
  "old": { zh: "实时信息中断，以下为停止更新前的预测", en: "Live information is interrupted: what stands here is no longer renewed" },
  "silent": { zh: "暂无实时信息", en: "No live information" },
  "feeds": { zh: "开放数据：GTFS、GTFS-Realtime", en: "Open data: GTFS, GTFS-Realtime" },
  "unknown": { zh: "没有这个站台：{id}", en: "No such stop: {id}" },
  "loading": { zh: "正在读取站台信息", en: "Reading the stop" },
} as const;
