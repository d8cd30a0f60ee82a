/** Rules and channels of notices (通知规则与渠道): what becomes a notice, where it goes, and to whom it rises. */

import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/noticing.ts";
import { useAsked, useViewer } from "../desk/ask.ts";
import { Paper } from "../desk/paper.tsx";
import { Link } from "../link.tsx";
import type { PageProps } from "../pages.ts";
import { Channels, type Channel } from "./channels.tsx";
import { Rules, type Names, type Rule } from "./rules.tsx";

/** Who may change them; whoever else may see this page reads. */
const KEEPERS = ["operator", "admin"];

export function Settings({ picture }: { readonly picture: PageProps["picture"] }) {
  const { t } = useWords(WORDS);
  const may = KEEPERS.includes(useViewer()?.role ?? "");
  const rules = useAsked<{ readonly rules: readonly Rule[]; readonly names: Names }>("api/v1/notice-rules");
  const channels = useAsked<{ readonly channels: readonly Channel[]; readonly dropped: number }>("api/v1/channels", 10_000);
  return (
    <Paper
      picture={picture}
      name="notice-settings"
      title={t("title")}
      lead={t("lead")}
      refusal={rules.refusal ?? channels.refusal}
      beside={<Link to={{ page: "other", name: "notices", item: "" }} class="desk-button">‹ {t("back")}</Link>}
    >
      <Rules rules={rules.data?.rules ?? null} names={rules.data?.names ?? null} channels={(channels.data?.channels ?? []).map((each) => each.id)} may={may} again={rules.again} />
      <Channels channels={channels.data?.channels ?? null} dropped={channels.data?.dropped ?? 0} may={may} again={channels.again} />
    </Paper>
  );
}
