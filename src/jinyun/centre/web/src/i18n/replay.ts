/** Words of the replay. */

export const WORDS = {
  "title": { zh: "回放", en: "Replay" },
  "badge": { zh: "录制回放", en: "Replay" },
  "play": { zh: "播放", en: "Play" },
  "pause": { zh: "暂停", en: "Pause" },
  "back": { zh: "上一帧", en: "Frame before" },
  "forward": { zh: "下一帧", en: "Next frame" },
  "speed": { zh: "倍速", en: "Speed" },
  "scrub": { zh: "时刻", en: "Moment" },
  "span": { zh: "记录范围 {from} – {to}", en: "Recorded {from} – {to}" },
  "gaps": { zh: "其中 {n} 处中断", en: "{n} gaps in it" },
  "ring": { zh: "循环记录，最早的部分会被覆盖", en: "a ring: the oldest part gives way" },
  "at": { zh: "跳到", en: "Go to" },
  "keys": { zh: "空格播放或暂停，左右方向键逐帧", en: "Space plays and pauses, left and right step" },
  "simulated": { zh: "模拟数据", en: "Simulated data" },
  "map": { zh: "回放地图", en: "Map of the replay" },
} as const;
