/** What each application does, for people; one that the page has no words for is told by its name and its sentence alone. */

import type { Bilingual } from "../wire/frame.ts";

export const DOES: Readonly<Record<string, Bilingual>> = {
  AVW: {
    zh: "发现停在车道上、缓行或逆向行驶的异常车辆，提醒同车道驶向它的车辆；因信号灯、路口、公交站等正常停车的不算。",
    en: "Finds vehicles that stand, creep or drive against the traffic without a reason, and tells those who come towards them.",
  },
  BSW: {
    zh: "驾驶人打转向灯或已开始变道时，若相邻车道侧方或后方有来车，提醒其不要变道。",
    en: "Warns a driver who signals or begins a lane change of vehicles beside or coming up from behind.",
  },
  CLW: {
    zh: "车辆打滑、稳定系统介入或横摆过快即视为失控，预警行驶路线上和附近的其他车辆。",
    en: "Tells those nearby of a vehicle that slides, or whose stability systems are at work.",
  },
  DNPW: {
    zh: "双向各一条车道的道路上，跟随慢车的驾驶人准备超车时，若超车所需距离内有对向来车，提醒其不要超车。",
    en: "Warns who means to pass a slower vehicle on a two-way road while somebody comes within the way it takes.",
  },
  EBW: {
    zh: "前方车辆紧急制动时，预警后方所有需要制动才能停住的车辆，包括被中间车辆遮挡视线的车辆。",
    en: "Tells all who must brake of a vehicle that brakes hard ahead, also those who cannot see it for others between.",
  },
  EVW: {
    zh: "执行任务的应急车辆从后方接近或将横穿路口时，提醒同向和有冲突的车辆避让；对向车道不提醒。",
    en: "Asks those ahead, and those whose way crosses its own, to make way for a vehicle on its way to an emergency.",
  },
  FCW: {
    zh: "按碰撞时间和所需减速度判断：前车过近或过慢，只有现在制动才能避免追尾时预警；已在充分制动的不再打扰。",
    en: "Warns when only braking now keeps a vehicle from the one ahead; who brakes enough already is left in peace.",
  },
  GLOSA: {
    zh: "根据信号灯倒计时、配时方案和排队车辆，建议一个在绿灯期间到达路口的车速，不超过限速。",
    en: "Advises a speed, within the limit, at which one arrives at the light while it is green and the queue has left.",
  },
  HLW: {
    zh: "把路侧发布的道路危险事件和警告标志，提醒给行驶路线经过那里的车辆。",
    en: "Tells of dangers on the road, by events and warning signs, whoever's way leads there.",
  },
  ICW: {
    zh: "路口内两车路线交叉或汇合、对方来不及停车时预警；会被信号灯拦住的车流和已让行的车辆不会触发。",
    en: "Warns at a junction when somebody comes across and will not stop in time; whom a light holds counts little.",
  },
  IVS: {
    zh: "把前方车道上有效的交通标志显示到车内，每个标志只提示一次。",
    en: "Shows the signs that hold on the lane ahead inside the vehicle, each of them once.",
  },
  LTA: {
    zh: "左转车辆与对向直行来车之间的间隙不足以安全左转时，提醒其等待。",
    en: "Tells who turns left when the gap before an oncoming vehicle is too small.",
  },
  RLVW: {
    zh: "红灯（或到达前将变红的黄灯）前，不立即制动就会越过停止线的车辆收到预警。",
    en: "Warns who will pass the stop line at red unless it brakes now.",
  },
  SLW: {
    zh: "车速明显超过车道或标志限速并持续一段时间时提醒；执行任务的应急车辆不提醒。",
    en: "Tells who drives clearly faster, for some time, than the lane or a sign allows.",
  },
  TJW: {
    zh: "前方路线上出现成排缓行或停驶的车辆（等红灯的排队不算）时，提醒驶向队尾的车辆。",
    en: "Tells whose way leads into the tail of a jam; a queue that waits for a light is none.",
  },
  VNFP: {
    zh: "网联车辆即将经过收费点时，提示价格和可以近场支付；交易本身由车辆与路侧单元完成。",
    en: "Announces a place of payment and its price to a connected vehicle that is about to pass it.",
  },
  VRUCW: {
    zh: "机动车与行人或骑行者的预测轨迹将相撞、而车辆未充分制动时预警，联网的行人同时收到提醒。",
    en: "Warns a vehicle, and a connected person, when their ways will touch and the vehicle does not brake enough.",
  },
  CIP: {
    zh: "网联车辆申请通过无信号路口，云端为其安排经过证明无冲突的通过时刻和车速。",
    en: "Gives connected cars that ask a proven time and speed to pass a junction without lights.",
  },
  CVM: {
    zh: "匝道上的网联车辆申请汇入，云端给出经过证明无冲突的汇入时刻。",
    en: "Gives connected vehicles on a ramp a proven time to merge.",
  },
  CHPVP: {
    zh: "授权的优先车辆（执行任务的车辆、公交车）申请通行时，请前方联网车辆让出车道，并把信号优先请求转交信号机；本中心不控制信号灯。",
    en: "Asks connected vehicles ahead of an authorised one to leave its lane, and keeps its requests for lights; it controls no light.",
  },
  CLC: {
    zh: "车辆申请变道时，有空间即告知可以变道；没有空间则请目标车道后方的联网车辆轻微减速，空间形成后再告知。",
    en: "Tells who asks for another lane when there is room, and asks a connected vehicle behind to make some where there is none.",
  },
  CPM: {
    zh: "跟踪车队的领航、加入与离开，对跟得过近或掉队的车辆给出平缓恢复车距的车速。",
    en: "Follows platoons and tells who is too near or has fallen back the speed that closes the difference gently.",
  },
  DDS: {
    zh: "把基准站的 RTCM 差分数据校验后，每秒转发给所有路侧单元。",
    en: "Passes the corrections of a reference station, checked, on to all roadside units once a second.",
  },
  DLM: {
    zh: "按示范区指令，由路侧单元告知车道的封闭、公交专用、反向或限速，以及起止时间。",
    en: "Tells by roadside units which lanes are closed, for buses, reversed or slower, from when until when.",
  },
  GSPA: {
    zh: "为申请车位的车辆预留最近的空闲车位，并给出场站内的行驶路径。",
    en: "Leads who asks for a bay to the nearest that is free, and reserves it meanwhile.",
  },
  PDS: {
    zh: "按车道、按分钟汇总网联车辆的速度、行程时间和急制动，不保留车辆标识。",
    en: "Sums what connected vehicles tell of speeds, travel times and hard braking by lane and minute, without ids.",
  },
  RTS: {
    zh: "网联车辆到达收费点时，与其完成一次收费交互，每车只收一次。",
    en: "Lets a connected vehicle that comes to a toll pay there, once.",
  },
  SDS: {
    zh: "车辆询问某一路段时，告知路侧在那里看到的、自身不上报的交通参与者。",
    en: "Tells who asks about a stretch of road of those whom the road sees there and who do not tell of themselves.",
  },
  VRUSP: {
    zh: "行人在无信号人行横道申请过街，请能够平缓停下的联网车辆让行，确认都在停车后才告知行人通过。",
    en: "Asks connected cars to stop for a person who asks to cross, and tells the person to go only once all of them do.",
  },
};
