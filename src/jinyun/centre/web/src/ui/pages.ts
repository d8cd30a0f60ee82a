/**
 * The pages besides the map and the applications: what each is called and where it is; loaded when first shown.
 *
 * A page is a folder here with a `page.tsx` whose default export takes `PageProps`, its words in `i18n/NAME.ts`, its style in
 * `styles/NAME.css` (imported by the page), its name in `live/paths.ts` and in the centre's list (`centre/pages.py`).
 */

import type { ComponentType } from "preact";
import type { Picture } from "../live/picture.ts";
import type { Bilingual } from "../wire/frame.ts";
import type { OtherName } from "./route.ts";

export interface PageProps {
  readonly picture: Picture;
  /** what of the page is shown: the part of the path after its name, "" where there is none */
  readonly item: string;
}

export interface Page {
  readonly title: Bilingual;
  /** alone on the screen, without the centre's head: a display in a cabin, at a crossing, at a stop */
  readonly bare: boolean;
  /** whether the menu lists it */
  readonly listed: boolean;
  readonly load: () => Promise<{ readonly default: ComponentType<PageProps> }>;
}

export const PAGES: Readonly<Record<OtherName, Page>> = {
  vehicles: { title: { zh: "测试车辆", en: "Test vehicles" }, bare: false, listed: true, load: () => import("./vehicles/page.tsx") },
  permits: { title: { zh: "测试与示范许可", en: "Permits" }, bare: false, listed: true, load: () => import("./permits/page.tsx") },
  duties: { title: { zh: "义务与期限", en: "Duties" }, bare: false, listed: true, load: () => import("./duties/page.tsx") },
  events: { title: { zh: "事件与证据", en: "Events" }, bare: false, listed: true, load: () => import("./events/page.tsx") },
  replay: { title: { zh: "回放", en: "Replay" }, bare: false, listed: true, load: () => import("./replay/page.tsx") },
  reports: { title: { zh: "报告", en: "Reports" }, bare: false, listed: true, load: () => import("./reports/page.tsx") },
  devices: { title: { zh: "点位与设备", en: "Sites and devices" }, bare: false, listed: true, load: () => import("./devices/page.tsx") },
  notices: { title: { zh: "通知", en: "Notices" }, bare: false, listed: true, load: () => import("./notices/page.tsx") },
  links: { title: { zh: "网络与链路", en: "Links" }, bare: false, listed: true, load: () => import("./links/page.tsx") },
  audit: { title: { zh: "审计日志", en: "Audit log" }, bare: false, listed: true, load: () => import("./audit/page.tsx") },
  signin: { title: { zh: "账号", en: "Account" }, bare: false, listed: true, load: () => import("./signin/page.tsx") },
  growth: { title: { zh: "连线成网成片", en: "Growth" }, bare: false, listed: true, load: () => import("./growth/page.tsx") },
  ledger: { title: { zh: "用量台账", en: "Ledger" }, bare: false, listed: true, load: () => import("./ledger/page.tsx") },
  industry: { title: { zh: "产业链", en: "Industry chain" }, bare: false, listed: true, load: () => import("./industry/page.tsx") },
  trials: { title: { zh: "测试·评价·准入", en: "Proving ground" }, bare: false, listed: true, load: () => import("./trials/page.tsx") },
  cabin: { title: { zh: "座舱屏", en: "Cabin display" }, bare: true, listed: true, load: () => import("./cabin/page.tsx") },
  charging: { title: { zh: "充电", en: "Charging" }, bare: false, listed: true, load: () => import("./charging/page.tsx") },
  crossing: { title: { zh: "智慧过街", en: "Smart crossings" }, bare: true, listed: true, load: () => import("./crossing/page.tsx") },
  stop: { title: { zh: "智慧站台", en: "Smart stops" }, bare: true, listed: true, load: () => import("./stop/page.tsx") },
};

export function pageOf(name: OtherName): Page {
  return (PAGES as Readonly<Record<string, Page>>)[name]!;
}
