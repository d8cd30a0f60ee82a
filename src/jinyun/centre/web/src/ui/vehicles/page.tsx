/** Test vehicles (测试车辆): each as it is now, and what was found in its driving. */

import { WORDS as DESK } from "../../i18n/desk.ts";
import { date, duration, number, timeOfDay, UNKNOWN } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/supervision.ts";
import { useAsked } from "../desk/ask.ts";
import { Search } from "../desk/filters.tsx";
import { Figures, Mark } from "../desk/figures.tsx";
import { Paper } from "../desk/paper.tsx";
import { useWishes } from "../desk/query.ts";
import { wordOf, type Breaches, type TestVehicle } from "../desk/supervision.ts";
import { Table } from "../desk/table.tsx";
import { Link } from "../link.tsx";
import type { PageProps } from "../pages.ts";
import { go } from "../route.ts";

const ITEMS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;

function Items({ present }: { readonly present: readonly number[] }) {
  const { t } = useWords(WORDS);
  return (
    <span class="desk-items" role="img" aria-label={`${t("items")}: ${present.length}/10`}>
      {ITEMS.map((item) => <i key={item} class={present.includes(item) ? "has" : ""} title={`${item} ${t(`item.${item}`)}`}>{item}</i>)}
    </span>
  );
}

export default function Vehicles({ picture, item }: PageProps) {
  const { t, lang } = useWords(WORDS);
  const { t: d } = useWords(DESK);
  const [wishes, change] = useWishes("q");
  const { data, refusal } = useAsked<{ readonly vehicles: readonly TestVehicle[]; readonly complete_least: number; readonly refused: Readonly<Record<string, string>> }>("api/v1/supervision/vehicles", 1000);
  const { data: found } = useAsked<Breaches>(refusal === null ? "api/v1/supervision/breaches" : null, 5000);
  const least = data?.complete_least ?? 1;
  const words = wishes["q"]!.toLowerCase();
  const all = data?.vehicles ?? [];
  const rows = data === null ? null : all.filter((row) => `${row.vehicle} ${row.declaration ?? ""}`.toLowerCase().includes(words));
  const one = all.find((row) => row.vehicle === item);
  const driving = (found?.driving ?? []).filter((row) => item === "" || row.subject === item);
  const automated = all.filter((row) => row.mode === "automated");
  return (
    <Paper
      picture={picture}
      name="vehicles"
      item={item}
      title={item === "" ? t("vehicles") : item}
      {...(item === "" ? { lead: t("vehicles.lead") } : {})}
      refusal={refusal}
      beside={item !== "" && <Link to={{ page: "other", name: "vehicles", item: "" }} class="desk-button">‹ {d("back")}</Link>}
    >
      {item === "" ? (
        <>
          <Figures
            figures={[
              { key: "vehicles", label: t("vehicle"), value: data === null ? UNKNOWN : number(lang, all.length) },
              { key: "automated", label: t("mode.automated"), value: data === null ? UNKNOWN : number(lang, automated.length) },
              { key: "off", label: t("section.off"), value: data === null ? UNKNOWN : number(lang, automated.filter((row) => !row.on_section).length), tone: automated.some((row) => !row.on_section) ? "bad" : "" },
              { key: "breaches", label: t("breaches"), value: data === null ? UNKNOWN : number(lang, all.reduce((sum, row) => sum + row.breaches.length, 0)), tone: all.some((row) => row.breaches.length > 0) ? "bad" : "" },
            ]}
          />
          <div class="desk-filters"><Search value={wishes["q"]!} change={(q) => change({ q })} label={d("search")} /></div>
          <Table
            label={t("vehicles")}
            testid="vehicle"
            none={t("vehicles.none")}
            rows={rows}
            id={(row) => row.vehicle}
            open={(row) => go({ page: "other", name: "vehicles", item: row.vehicle })}
            columns={[
              { head: t("vehicle"), cell: (row) => <span class="desk-name"><Link to={{ page: "other", name: "vehicles", item: row.vehicle }} class="plain-link">{row.vehicle}</Link><small>{row.declaration ?? UNKNOWN}</small></span> },
              { head: t("mode"), cell: (row) => <Mark of={row.mode === "automated" ? "info" : "unknown"}>{row.mode === null ? UNKNOWN : wordOf(t, "mode", row.mode)}</Mark> },
              { head: t("section"), cell: (row) => <Mark of={row.on_section ? "ok" : "fault"}>{t(row.on_section ? "section.on" : "section.off")}</Mark> },
              { head: t("items"), wide: true, cell: (row) => <Items present={row.items} /> },
              { head: t("complete"), figure: true, cell: (row) => <span class={row.complete_share < least ? "desk-misses" : ""}>{number(lang, row.complete_share * 100, 1)} %</span> },
              { head: t("speed"), figure: true, wide: true, cell: (row) => (row.speed_mps === null ? UNKNOWN : `${number(lang, row.speed_mps * 3.6)} km/h`) },
              { head: t("heard"), figure: true, wide: true, cell: (row) => t("ago", { age: duration(lang, row.age_s * 1000) }) },
              { head: t("breaches"), figure: true, cell: (row) => (row.breaches.length === 0 ? "0" : <span class="desk-misses">{number(lang, row.breaches.length)}</span>) },
            ]}
          />
        </>
      ) : one === undefined ? (data === null ? <p class="empty">{d("loading")}</p> : <p class="empty">{t("vehicles.none")}</p>) : (
        <>
          <Figures
            figures={[
              { key: "mode", label: t("mode"), value: one.mode === null ? UNKNOWN : wordOf(t, "mode", one.mode) },
              { key: "section", label: t("section"), value: t(one.on_section ? "section.on" : "section.off"), tone: one.on_section ? "good" : "bad" },
              { key: "complete", label: t("complete"), value: number(lang, one.complete_share * 100, 1), unit: "%", tone: one.complete_share < least ? "bad" : "good" },
              { key: "speed", label: t("speed"), value: number(lang, (one.speed_mps ?? NaN) * 3.6), unit: "km/h" },
            ]}
          />
          <dl class="desk-facts">
            <div><dt>{t("declaration")}</dt><dd>{one.declaration === null ? UNKNOWN : <Link to={{ page: "other", name: "permits", item: one.declaration }} class="plain-link">{one.declaration}</Link>}</dd></div>
            <div><dt>WGS-84</dt><dd>{one.lon === null || one.lat === null ? UNKNOWN : `${one.lon.toFixed(6)}, ${one.lat.toFixed(6)}`}</dd></div>
            <div><dt>{t("heard")}</dt><dd>{t("ago", { age: duration(lang, one.age_s * 1000) })}</dd></div>
          </dl>
          <section aria-label={t("items")}>
            <h3>{t("items")}</h3>
            <ul class="desk-list two">
              {ITEMS.map((each) => <li key={each}><Mark of={one.items.includes(each) ? "ok" : "unknown"}>{each}</Mark><span>{t(`item.${each}`)}</span></li>)}
            </ul>
          </section>
        </>
      )}
      {refusal === null && (
        <section aria-label={t("breaches.driving")}>
          <h3>{t("breaches.driving")}</h3>
          <Table
            label={t("breaches.driving")}
            testid="breach"
            none={t("breaches.none")}
            rows={found === null ? null : driving}
            id={(row) => `${row.rule} ${row.subject} ${row.field} ${row.opened_us}`}
            columns={[
              { head: t("time"), cell: (row) => <span class="desk-name"><span>{timeOfDay(lang, row.last_us / 1000)}</span><small>{date(lang, row.last_us / 1000)}</small></span> },
              { head: t("vehicle"), cell: (row) => row.subject },
              { head: t("breaches"), cell: (row) => row[lang] },
              { head: t("rule"), wide: true, cell: (row) => <code>{row.rule}</code> },
            ]}
          />
        </section>
      )}
      {Object.keys(data?.refused ?? {}).length > 0 && item === "" && (
        <section aria-label={t("refused")}>
          <h3>{t("refused")}</h3>
          <ul class="desk-list">{Object.entries(data!.refused).map(([who, why]) => <li key={who}><code>{who}</code><span>{why}</span></li>)}</ul>
        </section>
      )}
    </Paper>
  );
}
