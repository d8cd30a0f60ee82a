/** The ledger (台账): how empty the zone runs, and the statement of each company that this viewer may see. */

import { number } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/ledger.ts";
import { address } from "../../live/zone.ts";
import { useAsked } from "../desk/ask.ts";
import { Figures } from "../desk/figures.tsx";
import { Choice } from "../desk/filters.tsx";
import { Paper } from "../desk/paper.tsx";
import { useWishes } from "../desk/query.ts";
import { Table } from "../desk/table.tsx";
import type { PageProps } from "../pages.ts";
import { Waits } from "../desk/waits.tsx";
import "../styles/growth.css";

interface Row {
  readonly subject: string;
  readonly service: string;
  readonly zh: string;
  readonly en: string;
  readonly units: number;
  readonly good_share: number | null;
  readonly agreed_share: number;
  readonly kept: boolean | null;
  readonly amount_cny: string;
}

interface Statement {
  readonly company: string;
  readonly zh: string;
  readonly en: string;
  readonly rows: readonly Row[];
  readonly units: number;
  readonly amount_cny: string;
}

interface Told {
  readonly simulated: boolean;
  readonly messages?: number;
  readonly of_no_device?: number;
  readonly statements: readonly Statement[];
  readonly emptiness?: Readonly<Record<"passengers_per_km" | "used_of_granted" | "consumed_of_produced" | "income_per_km_cny" | "cost_per_km_cny", number | null>>;
}

const TIMES = ["10", "60", "240"] as const;

export default function LedgerPage({ picture }: PageProps) {
  const { t, lang, name } = useWords(WORDS);
  const [wishes, change] = useWishes("minutes");
  const minutes = wishes["minutes"] === "" ? "10" : wishes["minutes"]!;
  const { data, refusal } = useAsked<Told>(`api/v1/ledger?minutes=${minutes}`);
  const share = (value: number | null | undefined, digits = 2): string => (value === null || value === undefined ? t("unknown") : number(lang, value, digits));
  const empty = data?.emptiness;
  return (
    <Paper picture={picture} name="ledger" title={t("title")} lead={t("lead")} refusal={refusal}>
      {data?.simulated === true && <p class="growth-note" data-testid="ledger-simulated">{t("note")}</p>}
      <div class="desk-filters">
        <Choice label={t("minutes")} testid="minutes" value={minutes} options={TIMES.map((each) => [each, t("minutes.n", { n: each })] as const)} change={(value) => change({ minutes: value })} />
      </div>
      {data === null && <Waits />}
      {empty !== undefined && (
        <Figures
          figures={[
            { key: "consumed", label: t("consumed"), value: share(empty.consumed_of_produced, 4) },
            { key: "passengers", label: t("passengers"), value: share(empty.passengers_per_km) },
            { key: "granted", label: t("granted"), value: share(empty.used_of_granted) },
            { key: "income", label: t("income"), value: share(empty.income_per_km_cny) },
            { key: "cost", label: t("cost"), value: share(empty.cost_per_km_cny) },
            { key: "messages", label: t("messages"), value: number(lang, data?.messages ?? 0) },
          ]}
        />
      )}
      {data?.of_no_device !== undefined && <p class="desk-soft">{t("strange")}: {number(lang, data.of_no_device)}</p>}
      {(data?.statements ?? []).map((one) => (
        <section key={one.company} data-testid="statement" data-id={one.company}>
          <h3 class="growth-head">{one.company === "" ? t("nobody") : name(one)}</h3>
          <Table
            label={name(one)}
            rows={one.rows}
            none={t("empty")}
            id={(row) => `${row.subject}-${row.service}`}
            columns={[
              { head: t("subject"), cell: (row) => <code>{row.subject === "account/" ? t("anybody") : row.subject}</code> },
              { head: t("service"), cell: (row) => name(row) },
              { head: t("units"), figure: true, cell: (row) => number(lang, row.units) },
              { head: t("good"), figure: true, cell: (row) => <span class={row.kept === false ? "desk-error" : ""}>{row.good_share === null ? t("unknown") : `${number(lang, row.good_share * 100, 2)} %`}</span> },
              { head: t("agreed"), figure: true, wide: true, cell: (row) => `${number(lang, row.agreed_share * 100, 1)} %` },
              { head: t("amount"), figure: true, cell: (row) => row.amount_cny },
            ]}
          />
          <p class="desk-soft">
            {t("total", { n: number(lang, one.units), a: one.amount_cny })}
            {one.company !== "" && (
              <> · {t("download")} <a href={address(`api/v1/ledger/${one.company}/statement.xlsx?minutes=${minutes}`).href}>XLSX</a> <a href={address(`api/v1/ledger/${one.company}/statement.html?minutes=${minutes}`).href}>HTML</a></>
            )}
          </p>
        </section>
      ))}
    </Paper>
  );
}
