/** A link to another page of ours: an ordinary one, followed without loading the page again. */

import type { ComponentChildren } from "preact";
import { addressOf, go, type Route } from "./route.ts";

interface Props {
  readonly to: Route;
  readonly class?: string;
  readonly label?: string;
  readonly testid?: string;
  readonly current?: boolean;
  readonly children: ComponentChildren;
}

export function Link({ to, class: name, label, testid, current, children }: Props) {
  return (
    <a
      href={addressOf(to)}
      {...(name === undefined ? {} : { class: name })}
      {...(label === undefined ? {} : { "aria-label": label, title: label })}
      {...(current === true ? { "aria-current": "page" as const } : {})}
      data-testid={testid}
      onClick={(event) => {
        // Another tab, another window, another button: the browser's own business.
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}
