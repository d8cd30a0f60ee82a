/** Who looks at the page, and the way to sign in. */

import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/desk.ts";
import { Icon } from "../icon.tsx";
import { Link } from "../link.tsx";
import { useViewer } from "./ask.ts";

export function Who() {
  const { t } = useWords(WORDS);
  const who = useViewer();
  const account = who?.account ?? null;
  return (
    <Link to={{ page: "other", name: "signin", item: "" }} class="switch switch-who" label={account ?? t("signin")} testid="who">
      <Icon name="person" />
      <span class="wide-only">{account ?? t("signin")}</span>
    </Link>
  );
}
