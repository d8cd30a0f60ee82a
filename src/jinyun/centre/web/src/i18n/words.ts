/** Every word of the page in both languages; names in data (roads, devices) come bilingual from the zone. */

export const WORDS = {
  "title": { zh: "缙云", en: "Jinyun" },
  "subtitle": { zh: "车路云一体化 智能化运营监管中心", en: "Vehicle-road-cloud operations centre" },
  "zone.none": { zh: "等待示范区", en: "Waiting for the zone" },
  "badge.simulated": { zh: "模拟数据", en: "Simulated data" },
  "badge.simulated.why": { zh: "街道由仿真生成，并非真实车辆", en: "The street is simulated; these are not real vehicles" },
  "badge.replay": { zh: "录制回放", en: "Replay" },
  "badge.replay.why": { zh: "显示的时间是录制时的时间", en: "The time shown is the recording's own" },
  "badge.noMap": { zh: "无地图", en: "No map" },
  "badge.noMap.why": { zh: "这些数据不属于本示范区地图", en: "These data do not belong on this zone's map" },

  "link.connecting": { zh: "正在连接运营中心…", en: "Connecting to the centre…" },
  "link.lost": { zh: "与运营中心的连接已断开，正在自动重连…", en: "Connection to the centre lost. Reconnecting…" },
  "link.stale": { zh: "已 {s} 秒没有新画面，等待云端", en: "No new picture for {s} s. Waiting for the cloud" },

  "action.lang": { zh: "English", en: "中文" },
  "action.lang.why": { zh: "Switch to English", en: "切换为中文" },
  "action.theme.light": { zh: "浅色主题", en: "Light theme" },
  "action.theme.dark": { zh: "深色主题", en: "Dark theme" },
  "action.fullscreen": { zh: "全屏", en: "Full screen" },
  "action.panels": { zh: "显示或隐藏面板", en: "Show or hide panels" },
  "action.zoomIn": { zh: "放大", en: "Zoom in" },
  "action.zoomOut": { zh: "缩小", en: "Zoom out" },
  "action.fit": { zh: "全图", en: "Whole zone" },
  "action.map": { zh: "实时地图", en: "Live map" },
  "action.close": { zh: "关闭", en: "Close" },
  "action.follow": { zh: "跟随", en: "Follow" },
  "action.following": { zh: "跟随中", en: "Following" },
  "action.expand": { zh: "展开或收起", en: "Expand or collapse" },

  "map.label": {
    zh: "示范区实时地图。方向键平移，加减键缩放，0 显示全图",
    en: "Live map of the zone. Arrow keys pan, plus and minus zoom, 0 shows the whole zone",
  },
  "map.renderer": { zh: "绘制", en: "Drawing" },
  "map.scale": { zh: "比例尺", en: "Scale" },
  "map.loading": { zh: "正在载入地图…", en: "Loading the map…" },

  "participants": { zh: "交通参与者", en: "Participants" },
  "kind.motor": { zh: "机动车", en: "Motor" },
  "kind.non_motor": { zh: "非机动车", en: "Non-motor" },
  "kind.pedestrian": { zh: "行人", en: "Pedestrians" },
  "kind.unknown": { zh: "未知", en: "Unknown" },

  "seen": { zh: "由谁看见", en: "Seen by" },
  "seen.self": { zh: "自车上报", en: "Itself" },
  "seen.road": { zh: "路侧感知", en: "Road" },
  "seen.both": { zh: "车路共同", en: "Both" },
  "seen.none": { zh: "未知", en: "Unknown" },

  "messages": { zh: "消息", en: "Messages" },
  "messages.unit": { zh: "条/秒", en: "per second" },
  "message.bsm": { zh: "车辆状态", en: "vehicles" },
  "message.rsm": { zh: "路侧感知", en: "road sensors" },
  "message.spat": { zh: "信号灯态", en: "signals" },
  "message.map": { zh: "路口地图", en: "junction maps" },
  "message.rsi": { zh: "路侧信息", en: "road info" },
  "messages.total": { zh: "累计 {n} 条", en: "{n} in all" },
  "messages.refused": { zh: "拒收", en: "Refused" },
  "messages.late": { zh: "迟到", en: "Late" },
  "messages.lost": { zh: "丢失", en: "Lost" },

  "latency": { zh: "时延", en: "Latency" },
  "latency.why": { zh: "从收到消息到发布画面", en: "from receipt to published frame" },
  "latency.p50": { zh: "中位", en: "median" },
  "latency.p99": { zh: "99%", en: "99 %" },
  "hop.why": { zh: "各环节最近数秒的 99% 时延", en: "99th percentile of each hop over the last seconds" },
  "hop.decode": { zh: "解码", en: "Decode" },
  "hop.fuse": { zh: "融合", en: "Fuse" },
  "hop.receive_to_picture": { zh: "收到至融合", en: "Receipt to picture" },
  "hop.screen": { zh: "画面至屏", en: "Frame to page" },
  "frames.rate": { zh: "画面", en: "Frames" },
  "frames.unit": { zh: "帧/秒", en: "/s" },
  "display.rate": { zh: "显示", en: "Display" },
  "viewers": { zh: "在看", en: "Viewers" },

  "wrong": { zh: "异常", en: "What is wrong" },
  "wrong.open": { zh: "{n} 项未恢复", en: "{n} open" },
  "wrong.none": { zh: "一切正常", en: "All is well" },
  "wrong.sources": { zh: "{n} 个来源", en: "{n} sources" },
  "wrong.episodes": { zh: "{n} 项", en: "{n} episodes" },
  "wrong.since": { zh: "自 {t}", en: "since {t}" },
  "wrong.closed": { zh: "已恢复", en: "closed" },
  "wrong.count": { zh: "{n} 次", en: "{n}×" },
  "severity.info": { zh: "提示", en: "Info" },
  "severity.warning": { zh: "警告", en: "Warning" },
  "severity.fault": { zh: "故障", en: "Fault" },

  "advice": { zh: "协同建议", en: "Advice" },
  "advice.open": { zh: "{n} 条有效", en: "{n} open" },
  "advice.none": { zh: "当前没有建议", en: "No advice now" },
  "advice.after": { zh: "{s} 秒", en: "{s} s" },
  "advice.filter": { zh: "显示哪个应用的建议", en: "Show advice of which application" },
  "advice.beyond": { zh: "另有 {n} 条", en: "and {n} more" },
  "urgency.1": { zh: "提示", en: "Inform" },
  "urgency.2": { zh: "预警", en: "Warn" },
  "urgency.3": { zh: "紧急", en: "Act now" },

  "applications.all": { zh: "全部应用", en: "All applications" },
  "applications.about.all": { zh: "应用说明", en: "What they are" },
  "applications.about": { zh: "应用详情", en: "About it" },
  "applications.sum": {
    zh: "共 {n} 个应用，当前有效 {open} 条，启动以来 {opened} 条",
    en: "{n} applications, {open} open now, {opened} since the start",
  },
  "applications.simulated": {
    zh: "模拟数据：街道由仿真生成，以下建议并非发给真实车辆",
    en: "Simulated data: the street is simulated, and no real vehicle gets this advice",
  },
  "applications.loading": { zh: "正在载入应用…", en: "Loading the applications…" },
  "applications.unknown": { zh: "没有名为 {id} 的应用", en: "There is no application called {id}" },
  "applications.receivers": { zh: "对象", en: "To whom" },
  "applications.open": { zh: "当前有效", en: "Open now" },
  "applications.opened": { zh: "启动以来", en: "Since the start" },
  "applications.cost": { zh: "每帧耗时", en: "Cost a frame" },
  "receivers.vehicle": { zh: "车辆", en: "Vehicles" },
  "receivers.person": { zh: "行人", en: "People" },
  "receivers.unit": { zh: "覆盖范围内所有人", en: "All in reach" },
  "day.1": { zh: "第一阶段应用 T/CSAE 53", en: "Day one, T/CSAE 53" },
  "day.2": { zh: "第二阶段应用 T/CSAE 157", en: "Day two, T/CSAE 157" },

  "application.day": { zh: "阶段", en: "Day" },
  "application.messages": { zh: "下发消息", en: "Sent as" },
  "application.reads": { zh: "所用信息", en: "Looks at" },
  "application.map": { zh: "在地图上查看", en: "Show on the map" },
  "application.parameters": { zh: "参数与来源", en: "Parameters and where they come from" },
  "application.shared": { zh: "所有应用共用的 {n} 个参数", en: "{n} parameters that all applications share" },
  "application.episodes": { zh: "最近的建议", en: "Last advice" },
  "application.episodes.why": { zh: "最多 200 条，数值为最紧急时刻", en: "200 at most, with the numbers of the most urgent moment" },
  "application.episodes.none": { zh: "启动以来尚无建议", en: "None since the centre was started" },
  "parameter.name": { zh: "参数", en: "Parameter" },
  "parameter.value": { zh: "数值", en: "Value" },
  "parameter.origin": { zh: "来源（原文）", en: "Document and clause" },
  "parameter.status": { zh: "性质", en: "Status" },
  "status.issued": { zh: "已发布标准", en: "Issued" },
  "status.draft": { zh: "草案", en: "Draft" },
  "status.local": { zh: "本地取值", en: "Own choice" },
  "episode.opened": { zh: "开始", en: "Opened" },
  "episode.closed": { zh: "结束", en: "Closed" },
  "episode.open": { zh: "有效", en: "open" },
  "episode.lasted": { zh: "持续", en: "Lasted" },
  "episode.urgency": { zh: "紧急程度", en: "Urgency" },
  "episode.said": { zh: "内容", en: "What was said" },
  "episode.who": { zh: "目标编号", en: "To whom" },
  "episode.place": { zh: "位置", en: "Place" },
  "episode.map": { zh: "在地图上查看 {t} 的位置", en: "Show on the map where it was at {t}" },
  "reads.tracks": { zh: "航迹", en: "tracks" },
  "reads.ahead": { zh: "前方目标", en: "who is ahead" },
  "reads.beside": { zh: "侧方目标", en: "who is beside" },
  "reads.along": { zh: "沿车道运动", en: "motion along the lane" },
  "reads.paths": { zh: "预测路径", en: "predicted ways" },
  "reads.meetings": { zh: "路径交会", en: "where ways meet" },
  "reads.light": { zh: "信号灯", en: "signals" },
  "reads.lit": { zh: "前方信号灯", en: "signals ahead" },
  "reads.foretold_s": { zh: "灯态预测", en: "foretold signals" },
  "reads.located": { zh: "所在车道", en: "lanes they are on" },
  "reads.map": { zh: "高精地图", en: "the map" },
  "reads.posted": { zh: "标志与事件", en: "signs and events" },
  "reads.reports": { zh: "车辆自报", en: "what vehicles report" },

  "devices": { zh: "设备", en: "Devices" },
  "device.rsu": { zh: "路侧单元", en: "Roadside unit" },
  "device.obu-group": { zh: "车载终端", en: "On-board units" },
  "state.online": { zh: "在线", en: "Online" },
  "state.late": { zh: "迟到", en: "Late" },
  "state.silent": { zh: "静默", en: "Silent" },
  "state.unknown": { zh: "未知", en: "Unknown" },
  "device.age": { zh: "{t}前", en: "{t} ago" },
  "device.clock": { zh: "时钟差", en: "Clock" },
  "device.lost": { zh: "丢失", en: "Lost" },
  "devices.none": { zh: "尚无设备", en: "No devices yet" },

  "parts": { zh: "系统", en: "System" },
  "part.broker": { zh: "消息枢纽", en: "Broker" },
  "part.cloud": { zh: "云控平台", en: "Cloud" },
  "part.centre": { zh: "运营中心", en: "Centre" },
  "part.street": { zh: "仿真街道", en: "Street" },
  "part.up": { zh: "运行", en: "Up" },
  "part.starting": { zh: "启动中", en: "Starting" },
  "part.down": { zh: "停止", en: "Down" },
  "part.unknown": { zh: "未知", en: "Unknown" },
  "part.restarts": { zh: "重启 {n} 次", en: "restarted {n}×" },
  "uptime": { zh: "已运行", en: "Up for" },

  "card.participant": { zh: "交通参与者", en: "Participant" },
  "card.gone": { zh: "已离开画面", en: "Has left the picture" },
  "card.kind": { zh: "类型", en: "Kind" },
  "card.speed": { zh: "速度", en: "Speed" },
  "card.heading": { zh: "航向", en: "Heading" },
  "card.seen": { zh: "由谁看见", en: "Seen by" },
  "card.sources": { zh: "信息源", en: "Sources" },
  "card.accuracy": { zh: "位置精度", en: "Accuracy" },
  "card.age": { zh: "数据龄", en: "Age" },
  "card.size": { zh: "尺寸", en: "Size" },
  "card.place": { zh: "位置", en: "Place" },
  "card.place.value": { zh: "{ew} {x} 米，{ns} {y} 米", en: "{x} m {ew}, {y} m {ns}" },

  "legend": { zh: "图例", en: "Legend" },
  "legend.open": { zh: "开放测试道路", en: "Open test road" },
  "legend.open.km": { zh: "开放测试道路 {n} 公里", en: "Open test roads {n} km" },
  "legend.shuttle": { zh: "接驳线", en: "Shuttle line" },

  "tab.now": { zh: "态势", en: "Now" },
  "place.rsu": { zh: "路侧单元", en: "RSU" },
  "place.stop": { zh: "站点", en: "Stop" },
  "place.charger": { zh: "充电站", en: "Charging" },
  "place.crossing": { zh: "智慧斑马线", en: "Smart crossing" },

  "class.special": { zh: "特种车辆", en: "Special vehicle" },
  "class.passenger": { zh: "乘用车", en: "Passenger car" },
  "class.light-truck": { zh: "轻型货车", en: "Light truck" },
  "class.truck": { zh: "货车", en: "Truck" },
  "class.trailer": { zh: "挂车", en: "Truck with trailer" },
  "class.motorcycle": { zh: "摩托车", en: "Motorcycle" },
  "class.transit": { zh: "公共交通车辆", en: "Transit vehicle" },
  "class.brt": { zh: "快速公交", en: "Bus rapid transit" },
  "class.bus": { zh: "公交车", en: "Bus" },
  "class.school-bus": { zh: "校车", en: "School bus" },
  "class.shuttle": { zh: "接驳车", en: "Shuttle" },
  "class.emergency": { zh: "应急车辆", en: "Emergency vehicle" },
  "class.fire": { zh: "消防车", en: "Fire engine" },
  "class.ambulance": { zh: "救护车", en: "Ambulance" },
  "class.police": { zh: "警车", en: "Police car" },
  "class.pedestrian": { zh: "行人", en: "Pedestrian" },
  "class.impaired": { zh: "残障行人", en: "Disabled pedestrian" },
  "class.bicycle": { zh: "自行车", en: "Bicycle" },
  "class.roadworker": { zh: "道路作业人员", en: "Road worker" },
  "class.infrastructure": { zh: "设施", en: "Infrastructure" },
  "class.unknown": { zh: "类别未知", en: "Class unknown" },
} as const satisfies Record<string, { readonly zh: string; readonly en: string }>;

export type Word = keyof typeof WORDS;

/** The class words of T/CSAE 53 BasicVehicleClass (STANDARDS: codes of VehicleClassification). */
export function classWord(code: number): Word {
  if (code === 1) return "class.special";
  if (code === 10 || code === 11) return "class.passenger";
  if (code === 20 || code === 21) return "class.light-truck";
  if (code >= 25 && code <= 29) return "class.truck";
  if (code >= 30 && code <= 35) return "class.trailer";
  if (code >= 40 && code <= 48) return "class.motorcycle";
  if (code === 52) return "class.brt";
  if (code === 53 || code === 54) return "class.bus";
  if (code === 55) return "class.school-bus";
  if (code === 57) return "class.shuttle";
  if (code === 58 || code === 65 || code === 69) return "class.ambulance";
  if (code >= 50 && code <= 56) return "class.transit";
  if (code === 62 || code === 63 || code === 64) return "class.fire";
  if (code === 66 || code === 67) return "class.police";
  if (code >= 60 && code <= 69) return "class.emergency";
  if (code === 82) return "class.pedestrian";
  if (code === 83 || code === 84) return "class.impaired";
  if (code === 85) return "class.bicycle";
  if (code === 86) return "class.roadworker";
  if (code >= 90 && code <= 93) return "class.infrastructure";
  return "class.unknown";
}
