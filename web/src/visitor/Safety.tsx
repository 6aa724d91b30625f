/** What a person has to know before anything else: who may be looking, and where help is when it burns. */

import { Icon } from "../ui/Icon.tsx";
import { Lead } from "./Heading.tsx";
import { HideLink } from "./Hide.tsx";
import { say } from "./words.ts";

export function SafeCard() {
  return (
    <section class="card" aria-labelledby="safe">
      <h2 id="safe" class="with-icon">
        <Icon name="eye" />
        {say("safe.h")}
      </h2>
      <p>{say("safe.p")}</p>
      <HideLink />
    </section>
  );
}

export function DangerCard() {
  return (
    <section class="card warn with-icon">
      <Icon name="phone" />
      <div>
        <p>
          <Lead text={say("112")} />
        </p>
        <p class="small">{say("112.app")}</p>
      </div>
    </section>
  );
}
