/** The industry's chain (产业链): coverage and gaps, who supplies whom, single sources, output and its forecast. */

import { number } from "../../i18n/format.ts";
import { WORDS } from "../../i18n/industry.ts";
import { useWords } from "../../i18n/language.ts";
import { useAsked } from "../desk/ask.ts";
import { Figures } from "../desk/figures.tsx";
import { Paper } from "../desk/paper.tsx";
import { Table } from "../desk/table.tsx";
import type { PageProps } from "../pages.ts";
import { ChainGraph, type Chain } from "./graph.tsx";
import { Output, type Ahead, type Period } from "./output.tsx";
import { Waits } from "../desk/waits.tsx";
import "../styles/growth.css";

interface LinkRow {
  readonly link: string;
  readonly stage: string;
  readonly zh: string;
  readonly en: string;
  readonly firms: number;
  readonly local_firms: number;
  readonly value_cny: number;
  readonly local_share: number | null;
  readonly herfindahl: number | null;
}

interface Facts {
  readonly simulated: boolean;
  readonly firms: number;
  readonly coverage: { readonly covered: number; readonly of: number; readonly gaps: readonly string[] };
  readonly matching: { readonly share: number | null; readonly year: number | null };
  readonly links: readonly LinkRow[];
  readonly single_sources: readonly { readonly buyer: string; readonly link: string; readonly supplier: string; readonly value_cny: number; readonly reach: number }[];
  readonly growth: { readonly icv_vehicles: readonly Period[] };
  readonly forecast: { readonly icv_vehicles: readonly Ahead[] };
  readonly share: { readonly years: readonly { readonly year: number; readonly share: number | null }[]; readonly target: number; readonly target_year: number };
}

export default function IndustryPage({ picture }: PageProps) {
  const { t, lang, name } = useWords(WORDS);
  const { data, refusal } = useAsked<Facts>("api/v1/industry");
  const { data: chain } = useAsked<Chain>("api/v1/industry/chain");
  const percent = (value: number | null | undefined): string => (value === null || value === undefined ? t("unknown") : `${number(lang, value * 100, 1)} %`);
  const firm = (id: string): string => chain?.firms.find((each) => each.firm === id)?.name ?? id;
  const link = (id: string): string => {
    const found = data?.links.find((each) => each.link === id);
    return found === undefined ? id : name(found);
  };
  const last = data?.share.years.at(-1);
  const grown = data?.growth.icv_vehicles.at(-1);
  return (
    <Paper picture={picture} name="industry" title={t("title")} lead={t("lead")} refusal={refusal}>
      {data?.simulated === true && <p class="growth-note" data-testid="industry-simulated">{t("note")}</p>}
      {data === null && <Waits />}
      {data !== null && data !== undefined && (
        <>
          <Figures
            figures={[
              { key: "firms", label: t("firms"), value: number(lang, data.firms) },
              { key: "coverage", label: t("coverage"), value: `${data.coverage.covered}/${data.coverage.of}`, tone: data.coverage.gaps.length > 0 ? "warn" : "good" },
              { key: "matching", label: t("matching"), value: percent(data.matching.share) },
              { key: "share", label: `${t("share")} ${last?.year ?? ""}`, value: percent(last?.share), unit: t("target", { n: percent(data.share.target) }), tone: (last?.share ?? 0) >= data.share.target ? "good" : "warn" },
              { key: "growth", label: t("growth"), unit: grown === undefined ? "" : t("through", { p: grown.period }), value: grown?.so_far_year_on_year == null ? t("unknown") : `+${percent(grown.so_far_year_on_year)}` },
            ]}
          />
          <p class="desk-soft">{t("gaps")}: {data.coverage.gaps.map(link).join("、") || t("none")}</p>
          <h3 class="growth-head">{t("graph")}</h3>
          <p class="desk-soft">{t("graph.note")}</p>
          {chain !== null && chain !== undefined && <ChainGraph chain={chain} links={data.links.map((each) => ({ id: each.link, stage: each.stage, text: name(each) }))} sole={data.single_sources} label={t("graph")} />}
          <h3 class="growth-head">{t("output")}</h3>
          <Output past={data.growth.icv_vehicles} ahead={data.forecast.icv_vehicles} label={t("output")} forecast={t("forecast")} />
          <h3 class="growth-head">{t("links")}</h3>
          <Table
            label={t("links")}
            rows={data.links}
            id={(row) => row.link}
            columns={[
              { head: t("link"), cell: (row) => name(row) },
              { head: t("firms"), figure: true, cell: (row) => number(lang, row.firms) },
              { head: t("local"), figure: true, cell: (row) => (row.local_firms === 0 ? <span class="desk-error">0</span> : number(lang, row.local_firms)) },
              { head: t("value"), figure: true, cell: (row) => number(lang, row.value_cny / 1e8, 2) },
              { head: t("local.share"), figure: true, cell: (row) => percent(row.local_share) },
              { head: t("hhi"), figure: true, cell: (row) => (row.herfindahl === null ? t("unknown") : number(lang, row.herfindahl, 3)) },
            ]}
          />
          <h3 class="growth-head">{t("single")}</h3>
          <Table
            label={t("single")}
            rows={data.single_sources}
            id={(row) => `${row.buyer}-${row.link}`}
            columns={[
              { head: t("buyer"), cell: (row) => firm(row.buyer) },
              { head: t("link"), cell: (row) => link(row.link) },
              { head: t("supplier"), cell: (row) => firm(row.supplier) },
              { head: t("value"), figure: true, cell: (row) => number(lang, row.value_cny / 1e8, 2) },
              { head: t("reach"), figure: true, cell: (row) => number(lang, row.reach) },
            ]}
          />
        </>
      )}
    </Paper>
  );
}
