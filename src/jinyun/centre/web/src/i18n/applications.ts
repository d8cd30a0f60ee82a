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
};
