/** Says that what the page tells comes from a simulated street, where that is so. */

import { useSpeech } from "../../i18n/language.ts";
import type { Picture } from "../../live/picture.ts";
import { useSimulated } from "../header.tsx";

export function Simulated({ picture }: { readonly picture: Picture }) {
  const { t } = useSpeech();
  if (!useSimulated(picture)) return null;
  return <p class="simulated-note" data-testid="applications-simulated">{t("applications.simulated")}</p>;
}
