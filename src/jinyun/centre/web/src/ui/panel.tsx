/** A thin panel with a title and, at its right, one line of summary. */

import type { ComponentChildren } from "preact";

interface Props {
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly name: string;
  readonly children: ComponentChildren;
}

export function Panel({ title, aside, name, children }: Props) {
  return (
    <section class={`panel panel-${name}`} aria-label={title} data-testid={`panel-${name}`}>
      <div class="panel-head">
        <h2>{title}</h2>
        <div class="panel-aside">{aside}</div>
      </div>
      {children}
    </section>
  );
}
