/** One's API keys: made, shown once, revoked. */

import { useState } from "preact/hooks";
import { date } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/signin.ts";
import { ask, useAsked } from "../desk/ask.ts";
import { Mark } from "../desk/figures.tsx";
import { Table } from "../desk/table.tsx";

interface Key {
  readonly id: string;
  readonly account: string;
  readonly label: string;
  readonly scopes: readonly string[];
  readonly state: "counts" | "expired" | "revoked";
  readonly expires_us: number;
}

export function Keys() {
  const { t, lang } = useWords(WORDS);
  const { data, again } = useAsked<{ readonly keys: readonly Key[] }>("api/v1/keys");
  const [made, setMade] = useState("");
  const make = async (): Promise<void> => {
    const told = await ask<{ readonly key: string }>("api/v1/keys", "POST", { label: "live", scopes: ["live"], days: 90 });
    setMade(told.key);
    again();
  };
  return (
    <section aria-label={t("keys")}>
      <h3>{t("keys")}<small>{t("keys.why")}</small></h3>
      {made !== "" && (
        <div class="desk-refused" role="status">
          <p>{t("key.once")}</p>
          <code class="desk-secret" data-testid="key-once">{made}</code>
        </div>
      )}
      <p style={{ margin: "0.8rem 0" }}><button type="button" class="desk-button" data-testid="key-make" onClick={() => void make().catch(() => undefined)}>{t("key.make")}</button></p>
      <Table
        label={t("keys")}
        testid="key"
        rows={data?.keys ?? null}
        none={t("keys.none")}
        id={(key) => key.id}
        columns={[
          { head: "ID", cell: (key) => <code>{key.id}</code> },
          { head: t("key.label"), cell: (key) => key.label || key.account },
          { head: t("key.scope"), cell: (key) => key.scopes.join(" · ") },
          { head: t("key.until"), wide: true, cell: (key) => date(lang, key.expires_us / 1000) },
          { head: t("key.state"), cell: (key) => <Mark of={key.state}>{t(`key.${key.state}`)}</Mark> },
          {
            head: t("key.revoke"),
            cell: (key) =>
              key.state === "counts" && (
                <button type="button" class="desk-button" onClick={() => void ask(`api/v1/keys/${key.id}`, "DELETE").then(again, again)}>{t("key.revoke")}</button>
              ),
          },
        ]}
      />
    </section>
  );
}
